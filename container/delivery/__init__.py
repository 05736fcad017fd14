# SPDX-License-Identifier: MIT
"""Builds what is delivered, for the command container/release.

command     the command line, in the order in which things are made
build       compiles and installs the project for one architecture
cross_root  libfuse3 for the other architecture
tree        directories of files as archives: the same files give the same bytes
sbom        the list of what is inside, in CycloneDX
forms/      one file for each form: layer, tarball, library, deb, rpm, apk, wheel, npm, image, terraform, sar
"""
