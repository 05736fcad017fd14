# SPDX-License-Identifier: MIT
"""Makes the forms in which devshm is delivered, each from one installed tree per architecture, for container/layer."""
