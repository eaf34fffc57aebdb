# SPDX-License-Identifier: Apache-2.0
"""Runs benchmark programs in turn, checks that each did its work, and tells what it saw; see bench/README.md."""
