// SPDX-License-Identifier: MIT
//
// Needs 200 libraries, and does nothing with them.
int main() { return 0; }
