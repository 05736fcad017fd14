# SPDX-License-Identifier: MIT
"""The forms in which devshm is delivered, each from one installed tree per architecture. container/layer is the command."""
