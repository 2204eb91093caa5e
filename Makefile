# SPDX-License-Identifier: GPL-2.0
#
# For people. What the kernel's build reads is Kbuild.

VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
DKMS_SRC := /usr/src/twscope-$(VERSION)

.PHONY: all modules ctl install clean help \
	dkms-install dkms-remove dkms-source \
	demo test test-long matrix lint ynl-regen ynl-check bench

all: modules ctl

help:
	@echo 'twscope $(VERSION)'
	@echo
	@echo 'Try it, on any Debian 12 machine, as root:'
	@echo '  demo          make TIME_WAIT buckets in a VM on a stock kernel and look at them'
	@echo '  test          build for every stock kernel, lint, unit tests, selftests in VMs'
	@echo '  test-long     the same with every selftest on every kernel'
	@echo '                TESTS="--within 60" for test: starts nothing after an hour'
	@echo
	@echo 'Use it on this machine:'
	@echo '  dkms-install  the module for this kernel and those to come (needs dkms, headers)'
	@echo '  dkms-remove   take it away again'
	@echo '  install       the tool twctl, its units, alerts and dashboard, to PREFIX=$(PREFIX)'
	@echo
	@echo 'Work on it:'
	@echo '  all           the module for KDIR=$(KDIR), and twctl'
	@echo '  lint          all that needs no VM to be wrong'
	@echo '  matrix        what the last test found, kernel by kernel, into docs/kernels.md'
	@echo '  bench         instructions for a walk and a dump, by number of buckets'
	@echo '  ynl-regen     generate what comes from docs/netlink/specs/twscope.yaml'
	@echo '  ynl-check     fail when that is not what is in the tree'
	@echo '  clean         remove what was built'

modules:
	@test -d $(KDIR) || { echo "no kernel headers at $(KDIR): apt-get install linux-headers-$$(uname -r), or set KDIR" >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

ctl:
	@tests/lib/ctl-needs
	$(MAKE) -C ctl

install: ctl
	$(MAKE) -C ctl install PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)

# The sources that dkms is given, below DESTDIR, for packages too. Not what "make" left beside them.
dkms-source:
	mkdir -p $(DESTDIR)$(DKMS_SRC)
	find Kbuild dkms.conf kmod include LICENSES -type f ! -name '*.o' ! -name '*.cmd' ! -name features.h \
		-exec cp -p --parents -t $(DESTDIR)$(DKMS_SRC) {} +

dkms-install:
	@command -v dkms >/dev/null || { echo "dkms is missing: apt-get install dkms" >&2; exit 1; }
	@if dkms status -m twscope -v $(VERSION) | grep -q .; then dkms remove twscope/$(VERSION) --all; fi
	rm -rf $(DKMS_SRC)
	$(MAKE) dkms-source
	dkms add twscope/$(VERSION)
	dkms build twscope/$(VERSION)
	dkms install twscope/$(VERSION)

dkms-remove:
	@if lsmod | grep -q '^twscope '; then rmmod twscope; fi
	@if dkms status -m twscope -v $(VERSION) | grep -q .; then dkms remove twscope/$(VERSION) --all; fi
	rm -rf $(DKMS_SRC)

demo:
	@tests/demo/run

test:
	@tests/run $(TESTS)

test-long:
	@tests/run --long

matrix:
	@tests/lib/matrix --keep

lint:
	@tests/lint/run

bench:
	@tests/bench/run

ynl-regen:
	@tests/lib/ynl-gen "$$(tests/lib/kernel-tools)" .

ynl-check:
	@tests/lib/ynl-check

clean:
	find . -name '*.o' -o -name '*.ko' -o -name '*.mod' -o -name '*.mod.c' -o -name '.*.cmd' | xargs -r rm -f
	rm -f Module.symvers modules.order kmod/compat/features.h
	$(MAKE) -C ctl clean
	$(MAKE) -C tests/unit clean
	$(MAKE) -C tests/fuzz clean
