# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Shared by run, build, cache and dkms-test: the cache, Debian packages, QEMU.
# shellcheck disable=SC2034 # many variables are for those who source this
# A caller sets ME (its name in messages) before it sources this file.

set -euo pipefail
shopt -s inherit_errexit nullglob

VM=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$VM/../.." && pwd)
CACHE=${TWSCOPE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/twscope}
SERIES=(5.10 6.1 6.12 6.12-generic 6.12-rt 6.12-arm64 6.12-deb13 6.18 7.2 7.3 7.3-rt)
# Beside these: what tests/lib/test-kernel builds.
TEST_KERNELS=(debug fuzz kcsan bench million uml clang)
# These are built for; arm64-test boots the former in its own way.
BUILD_ONLY=(6.12-arm64 clang)
SKIP=77

# depmod, modprobe and mke2fs live in sbin, which an ordinary user's PATH lacks.
PATH=$PATH:/usr/sbin:/sbin

say() { printf '%s: %s\n' "$ME" "$*" >&2; }
die() { say "$@"; exit 125; }
skip() { say "skip: $*"; exit "$SKIP"; }

# need COMMAND:PACKAGE...: installs what this machine lacks, or says what to install.
need() {
	local item missing=()
	for item; do
		command -v "${item%%:*}" >/dev/null || missing+=("${item##*:}")
	done
	[[ ${#missing[@]} -eq 0 ]] && return
	[[ $EUID -eq 0 ]] || die "missing on this machine: as root, apt-get install ${missing[*]}"
	say "installing on this machine: ${missing[*]}"
	apt-get update -qq >&2 || die "apt-get update failed"
	DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends \
		"${missing[@]}" >/dev/null || die "apt-get install ${missing[*]} failed"
}

need_base() {
	need apt-get:apt dpkg-deb:dpkg flock:util-linux cpio:cpio depmod:kmod \
		xz:xz-utils zstd:zstd
}

# ---- the cache ------------------------------------------------------------

# once DEST MAKER [ARG...]: makes the directory DEST by "MAKER TMPDIR ARG...".
# It appears complete or not at all, and two callers at once make it only once.
# Never call it in a condition: that would switch off errexit inside MAKER.
once() {
	local dest=$1 maker=$2
	shift 2
	[[ -e $dest ]] && return
	mkdir -p "$CACHE/lock" "${dest%/*}"
	(
		flock 9
		[[ -e $dest ]] && exit 0
		tmp=$(mktemp -d "$CACHE/tmp.XXXXXX")
		trap 'rm -rf "$tmp"' EXIT
		"$maker" "$tmp" "$@"
		chmod 755 "$tmp"
		mv -T "$tmp" "$dest"
	) 9>"$CACHE/lock/${dest##*/}"
}

# log_download BYTES NAME: the caller may name a second log, to count its own.
log_download() {
	printf '%s %s\n' "$1" "$2" >>"$CACHE/downloads.log"
	if [[ -n ${TWSCOPE_DOWNLOAD_LOG-} ]]; then
		printf '%s %s\n' "$1" "$2" >>"$TWSCOPE_DOWNLOAD_LOG"
	fi
}

hash_of() { sha256sum | cut -c1-16; }

# ---- Debian packages ------------------------------------------------------

# Prints "URI KEYRING" of the Debian archive this machine itself uses.
archive() {
	local codename uri keyring
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	# shellcheck disable=SC2016 # apt fills these in
	read -r uri keyring < <(apt-get indextargets --format \
		'$(RELEASE) $(REPO_URI) $(SIGNED_BY)' 'Created-By: Packages' |
		awk -v c="$codename" '$1 == c || $1 ~ /^(un)?stable$|^sid$|^testing$/ { print $2, $3 }') ||
		die "apt on this machine names no archive for '$codename'; tests/vm wants a Debian machine"
	[[ -f $keyring ]] || for keyring in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
		[[ -f $keyring ]] && break
	done
	[[ -f $CACHE/apt/keyring.gpg ]] && keyring=$CACHE/apt/keyring.gpg
	[[ -f $keyring ]] || die "no Debian keyring: apt-get install debian-archive-keyring"
	echo "$uri $keyring"
}

# private_apt SUITES COMMAND...: apt with those suites only ("a,b:source", or "a:arm64" for
# another architecture) and nothing of this machine's own state. Status names the file of
# "installed" packages.
private_apt() {
	local suites=$1 command=$2 uri keyring suite conf=$CACHE/apt arch=()
	shift 2
	read -r uri keyring < <(archive)
	mkdir -p "$conf/lists/partial"
	[[ -f $conf/none ]] || : >"$conf/none"
	for suite in ${suites//,/ }; do
		if [[ $suite == *:source ]]; then
			echo "deb-src [signed-by=$keyring] $uri ${suite%:source} main"
		elif [[ $suite == *:* ]]; then
			arch=(-o "APT::Architecture=${suite#*:}" -o "APT::Architectures=${suite#*:}")
			echo "deb [arch=${suite#*:} signed-by=$keyring] $uri ${suite%:*} main"
		else
			echo "deb [signed-by=$keyring] $uri $suite main"
		fi
	done >"$conf/$suites.list.$$"
	mv "$conf/$suites.list.$$" "$conf/$suites.list"
	"$command" -o Dir::Etc::sourcelist="$conf/$suites.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferencesparts=/dev/null -o Dir::State::lists="$conf/lists" \
		-o Dir::State::extended_states="$conf/none" \
		-o Dir::State::status="${STATUS:-$conf/none}" \
		-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
		-o APT::Get::List-Cleanup=0 -o APT::Sandbox::User=root -o Debug::NoLocking=1 \
		-o APT::Update::Post-Invoke-Success::=true \
		-o Acquire::Check-Valid-Until=false -o Acquire::Check-Date=false \
		-o Acquire::Languages=none -o Acquire::Retries=3 \
		-o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false "${arch[@]}" "$@"
}

# The machine's keyring may be older than a suite's key: bookworm's package of
# keys, itself checked by the keys already here, has the newer ones.
newer_keyring() {
	local tmp
	[[ -f $CACHE/apt/keyring.gpg || $1 == bookworm ]] && return 1
	say "the keyring of this machine lacks a key: fetching a newer debian-archive-keyring"
	update_index bookworm
	tmp=$(mktemp -d "$CACHE/tmp.XXXXXX")
	fetch "$tmp" bookworm debian-archive-keyring
	unpack "$tmp/root" "$tmp"/*.deb
	cp "$tmp/root/usr/share/keyrings/debian-archive-keyring.gpg" "$CACHE/apt/keyring.gpg"
	rm -rf "$tmp"
}

# update_index SUITES: fetches the package lists, unless a day-old copy is here.
update_index() {
	local suites=$1 stamp=$CACHE/apt/$1.updated out
	mkdir -p "$CACHE/apt" "$CACHE/lock"
	(
		flock 9
		[[ -n $(find "$stamp" -mtime -1 2>/dev/null) ]] && exit 0
		out=$(private_apt "$suites" apt-get update 2>&1) || {
			[[ $out == *NO_PUBKEY* ]] && newer_keyring "$suites" &&
				out=$(private_apt "$suites" apt-get update 2>&1)
		} || die "apt-get update for $suites failed: $out"
		log_download "$(fetched_bytes <<<"$out")" "package lists of $suites"
		touch "$stamp"
	) 9>"$CACHE/lock/apt-$suites"
}

# Out of apt's "Fetched 39.1 MB in 4s"; it prints no exact number.
fetched_bytes() {
	awk '$1 == "Fetched" {
		unit["B"] = 1; unit["kB"] = 1e3; unit["MB"] = 1e6; unit["GB"] = 1e9
		gsub(",", "", $2); n += $2 * unit[$3]
	} END { printf "%d\n", n }'
}

log_debs() {
	local deb
	for deb; do
		log_download "$(stat -c %s "$deb")" "${deb##*/}"
	done
}

# fetch DIR SUITE PACKAGE[=VERSION]...: exactly these packages, not their needs.
fetch() {
	local dir=$1 suite=$2
	shift 2
	(cd "$dir" && private_apt "$suite" apt-get -qq download "$@") >&2 ||
		die "cannot download $* from $suite (network? \"tests/vm/cache refresh\" forgets old package lists)"
	log_debs "$dir"/*.deb
}

# fetch_closure DIR SUITES PACKAGE...: these and what they need, except what STATUS has.
fetch_closure() {
	local dir=$1 suites=$2
	shift 2
	mkdir -p "$dir/partial"
	private_apt "$suites" apt-get -qq -y --no-install-recommends --download-only \
		-t "${suites##*,}" -o Dir::Cache::archives="$dir" install "$@" >&2 ||
		die "cannot download $* from $suites (\"tests/vm/cache refresh\" forgets old package lists)"
	log_debs "$dir"/*.deb
}

# unpack ROOT DEB...: without running the packages' scripts. Directory links such
# as /lib -> usr/lib stay links, which "dpkg -x" would replace.
unpack() {
	local root=$1 deb
	shift
	mkdir -p "$root"
	for deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$root"
	done
}

# pretend FILE PACKAGE...: a dpkg status that claims these are installed, so that
# their like (perl, dpkg) are not dragged into a root which never configures anything.
pretend() {
	local file=$1 package
	shift
	for package; do
		printf 'Package: %s\nStatus: install ok installed\nVersion: 99:99\nArchitecture: amd64\nMulti-Arch: allowed\nMaintainer: none\nDescription: none\n\n' "$package"
	done >"$file"
}

# make_root TMP SUITES PACKAGES OMITTED: TMP/root, unpacked and merged-/usr.
make_root() {
	local tmp=$1 suites=$2 packages=$3 omitted=$4 dir
	update_index "$suites"
	# shellcheck disable=SC2086 # the two are lists of words
	pretend "$tmp/status" $omitted
	# shellcheck disable=SC2086
	STATUS=$tmp/status fetch_closure "$tmp/debs" "$suites" $packages
	mkdir -p "$tmp/root/usr"/{bin,sbin,lib,lib64}
	for dir in bin sbin lib lib64; do
		ln -s "usr/$dir" "$tmp/root/$dir"
	done
	unpack "$tmp/root" "$tmp/debs"/*.deb
	rm -rf "$tmp/debs" "$tmp/status"
}

# ---- stock kernels --------------------------------------------------------

suite_of() {
	case $1 in
	5.10) echo bullseye ;;
	6.1) echo bookworm ;;
	6.12 | 6.12-generic | 6.12-rt | debug | fuzz | kcsan | bench | million | uml | clang) echo bookworm-backports ;;
	6.12-arm64) echo bookworm-backports:arm64 ;;
	6.12-deb13) echo trixie ;;
	6.18 | 7.2 | 7.3 | 7.3-rt) echo trixie-backports ;;
	*) die "no kernel series '$1'; known: ${SERIES[*]} ${TEST_KERNELS[*]}" ;;
	esac
}

# How the names of a series' kernels end. The cloud kernel has all that we look at, in
# the smallest packages.
flavour_of() {
	case $1 in
	*-generic) echo amd64 ;;
	*-rt) echo rt-amd64 ;;
	*-arm64) echo arm64 ;;
	*) echo cloud-amd64 ;;
	esac
}

# Prints "PACKAGE VERSION" of the kernel packages of a series.
kernel_packages() {
	# shellcheck disable=SC2016 # apt fills this in
	private_apt "$(suite_of "$1")" apt-get indextargets --format '$(FILENAME)' 'Created-By: Packages' |
		xargs /usr/lib/apt/apt-helper cat-file |
		awk -v end="-$(flavour_of "$1")$" '
			$1 == "Package:" { p = $2 }
			$1 == "Version:" && p ~ "^linux-(image|binary|headers)-(unsigned-)?[0-9][^-]*(-(rc)?[0-9]+)*" end {
				print p, $2
			}'
}

# Reads kernel_packages, prints "RELEASE VERSION BOOTPACKAGE" of the newest kernel
# of the series. One that has headers too is preferred; a kernel still unsigned
# by Debian will do, the VM checks no signature.
pick_newest() {
	local series=${1%%-*}
	awk -v s="$series" '
		{ name = $1; version = $2 }
		name ~ /^linux-headers-/ { headers[substr(name, 15) " " version] = 1; next }
		{ r = name; sub(/^linux-(image|binary)-(unsigned-)?/, "", r) }
		index(r, s ".") != 1 && index(r, s "-") != 1 { next }
		# From 6.19 on linux-image is an empty package beside linux-binary.
		!((r " " version) in boot) || name ~ /^linux-binary-[0-9]/ { boot[r " " version] = name }
		END { for (k in boot) print (k in headers) + 0, k, boot[k] }' |
		sort -k1,1n -k3,3V | awk '{ line = $2 " " $3 " " $4 } END { if (line) print line }'
}

# kernel_of SERIES: "RELEASE VERSION BOOTPACKAGE", looked up once and remembered.
kernel_of() {
	local series=$1 file=$CACHE/series/$1 suite line
	suite=$(suite_of "$series")
	if [[ ! -s $file ]]; then
		update_index "$suite"
		line=$(kernel_packages "$series" | pick_newest "$series")
		[[ -n $line ]] || skip "kernel $series: no stock kernel of it in $suite on the mirror any more"
		mkdir -p "$CACHE/series"
		echo "$line" >"$file.$$"
		mv "$file.$$" "$file"
	fi
	cat "$file"
}

# What a network test may ask for; the closure over modules.dep is added.
GUEST_MODULES=(
	veth vrf tun tap dummy ifb macvlan ipvlan bonding bridge 8021q vxlan
	inet_diag tcp_diag udp_diag raw_diag netlink_diag unix_diag af_packet af_packet_diag
	sch_netem sch_tbf sch_ingress sch_fq sch_fq_codel sch_htb sch_prio cls_u32 cls_matchall
	act_mirred tcp_bbr tcp_dctcp tcp_vegas
	nf_conntrack nf_conntrack_netlink nf_nat nf_tables nft_ct nft_nat nft_masq nft_chain_nat
	nft_compat nft_reject_inet ip_tables iptable_filter iptable_nat xt_conntrack xt_nat
	xt_MASQUERADE xt_REDIRECT xt_tcpudp overlay
	virtio_pci virtio_blk virtio_net virtio_console ext4 crc32c_generic crc32c_cryptoapi
)

make_kernel() {
	local tmp=$1 series=$2 release=$3 version=$4 boot=$5 suite packages from file module
	suite=$(suite_of "$series")
	packages=("$boot=$version")
	if [[ $boot == linux-binary-* ]]; then
		packages+=("linux-modules-$release=$version" "linux-base-$release=$version")
	fi
	say "fetching kernel $release ($version)"
	update_index "$suite"
	mkdir "$tmp/debs"
	fetch "$tmp/debs" "$suite" "${packages[@]}"
	unpack "$tmp/all" "$tmp/debs"/*.deb
	if [[ -d $tmp/all/usr/lib/modules && ! -d $tmp/all/lib/modules ]]; then
		mkdir -p "$tmp/all/lib"
		mv "$tmp/all/usr/lib/modules" "$tmp/all/lib/modules"
	fi
	file=$(find "$tmp/all" -name "vmlinuz*" -type f | head -n 1)
	[[ -n $file ]] || die "$boot $version has no vmlinuz"
	mv "$file" "$tmp/vmlinuz"
	file=$(find "$tmp/all" -name "config-$release" -o -path "*$release/config" | head -n 1)
	[[ -n $file ]] && mv "$file" "$tmp/config"
	from=$tmp/all/lib/modules/$release
	depmod -b "$tmp/all" "$release"
	mkdir -p "$tmp/modules"
	cp "$from"/modules.{builtin,builtin.modinfo,order} "$tmp/modules/"
	for module in "${GUEST_MODULES[@]}"; do
		modprobe -d "$tmp/all" -S "$release" -D "$module" 2>/dev/null || true
	done | awk -v dir="$from/" '$1 == "insmod" { sub(dir, "", $2); print $2 }' |
		sort -u >"$tmp/list"
	(cd "$from" && cpio --quiet -pdm "$tmp/modules" <"$tmp/list")
	find "$tmp/modules" -name '*.ko.xz' -exec xz -d {} +
	find "$tmp/modules" -name '*.ko.zst' -exec zstd -q -d --rm {} +
	rm -rf "$tmp/all" "$tmp/debs"
}

is_build_only() { [[ " ${BUILD_ONLY[*]} " == *" $1 "* ]]; }
# Of ARCH=um: a program of this machine.
is_uml() { [[ $1 == uml || $1 == fuzz ]]; }
is_test_kernel() { [[ " ${TEST_KERNELS[*]} " == *" $1 "* ]]; }

# test_kernel SERIES: sets KERNEL, HEADERS (one folder is both) and RELEASE.
test_kernel() {
	KERNEL=$("$TOP/tests/lib/test-kernel" "$1")
	HEADERS=$KERNEL
	RELEASE=$(<"$KERNEL/release")
}

# kernel_cache RELEASE VERSION: where a stock kernel with those modules is, or will be.
kernel_cache() {
	echo "$CACHE/kernel/$1_$2_$(hash_of <<<"${GUEST_MODULES[*]}")"
}

# kernel_dir SERIES: sets KERNEL (vmlinuz, modules/, config) and RELEASE.
kernel_dir() {
	local release version boot
	! is_test_kernel "$1" || { test_kernel "$1"; return; }
	read -r release version boot <<<"$(kernel_of "$1")"
	[[ -n $boot ]] || exit "$SKIP"
	RELEASE=$release
	KERNEL=$(kernel_cache "$release" "$version")
	once "$KERNEL" make_kernel "$1" "$release" "$version" "$boot"
}

# ---- headers and compilers ------------------------------------------------

make_headers() {
	local tmp=$1 suite=$2 release=$3 version=$4 packages
	say "fetching the headers of $release ($version)"
	update_index "$suite"
	mkdir "$tmp/debs"
	fetch "$tmp/debs" "$suite" "linux-headers-$release=$version"
	# The names of -common and -kbuild differ from series to series; their tools have to run here.
	suite=${suite%:arm64}
	update_index "$suite"
	packages=$(dpkg-deb -f "$tmp/debs"/*.deb Depends | grep -oE 'linux-(headers|kbuild)-[^ ,]+' | sort -u)
	unpack "$tmp" "$tmp/debs"/*.deb
	rm "$tmp/debs"/*.deb
	# shellcheck disable=SC2086
	fetch "$tmp/debs" "$suite" ${packages//$'\n'/"=$version "}="$version"
	unpack "$tmp" "$tmp/debs"/*.deb
	rm -rf "$tmp/debs"
}

# kernel_headers SERIES: sets HEADERS (usr/src and usr/lib as installed) and RELEASE.
kernel_headers() {
	local release version boot suite
	! is_test_kernel "$1" || { test_kernel "$1"; return; }
	read -r release version boot <<<"$(kernel_of "$1")"
	[[ -n $boot ]] || exit "$SKIP"
	suite=$(suite_of "$1")
	RELEASE=$release
	HEADERS=$CACHE/headers/${release}_$version
	[[ -e $HEADERS ]] && return
	update_index "$suite"
	if kernel_packages "$1" | grep -qxF "linux-headers-$release $version"; then
		once "$HEADERS" make_headers "$suite" "$release" "$version"
	else
		kernel_dir "$1"
		chroot_dir "$PREPARE_PACKAGES"
		once "$HEADERS" make_headers_from_source "$1" "$suite" "$release" "$version"
	fi
}

# What "make modules_prepare", and a kernel, needs beyond a module.
PREPARE_PACKAGES="flex bison bc libelf-dev libssl-dev openssl patch xz-utils lz4 tar cpio rsync libdw-dev"

# The mirror keeps the image and the upstream tarball of a kernel for longer than its
# headers (and than Debian's patches, which leave the network's structures alone):
# prepare that source with the image's configuration.
make_headers_from_source() {
	local tmp=$1 series=$2 suite=$3 release=$4 version=$5 tree
	need python3:python3
	say "$release: no headers on the mirror any more, preparing them from its source; some minutes"
	update_index "$suite:source"
	mkdir -p "$tmp/get" "$tmp/usr/src" "$tmp/usr/lib"
	(cd "$tmp/get" && private_apt "$suite:source" apt-get -qq source --tar-only "linux=$version") >&2 ||
		skip "kernel $series: the mirror has neither the headers nor the source of $release"
	log_debs "$tmp/get"/*.tar.xz
	tree=$tmp/get/linux
	mkdir "$tree"
	tar -x --strip-components=1 -C "$tree" -f "$tmp/get"/linux_*.orig.tar.xz
	cp "$KERNEL/config" "$tree/.config"
	exported_symbols "$tree" >"$tree/Module.symvers"
	prepare "$tmp" "$tree" "$release" >"$tmp/log" 2>&1 || {
		tail -n 30 "$tmp/log" >&2
		die "the source of $release cannot be prepared"
	}
	cp "$tree/.config" "$tree/headers/"
	mv "$tree/headers" "$tmp/usr/src/linux-headers-$release"
	rm -rf "$tmp/get"
}

# What the image exports, as a Module.symvers. These kernels have no checksums of
# symbols (CONFIG_MODVERSIONS), so that the names are all there is to know.
exported_symbols() {
	! grep -q '^CONFIG_MODVERSIONS=y' "$KERNEL/config" ||
		die "$KERNEL was built with symbol versions, which only its headers tell"
	bash "$1/scripts/extract-vmlinux" "$KERNEL/vmlinuz" >"$1/vmlinux.image"
	python3 "$VM/symvers.py" "$1/vmlinux.image"
}

prepare() {
	local HEADERS=$1 tree=$2 localversion make
	localversion=${3#"$(awk -F' *= *' '$1 ~ /^(VERSION|PATCHLEVEL|SUBLEVEL)$/ { v = v s $2; s = "." } END { print v }' <(head -n 5 "$tree/Makefile"))"}
	make=(make -C /build "LOCALVERSION=$localversion" CC=gcc-14 HOSTCC=gcc-14)
	# shellcheck disable=SC2016 # make fills this in
	in_chroot "$tree" "${make[@]}" olddefconfig &&
		in_chroot "$tree" "${make[@]}" -j4 modules_prepare &&
		in_chroot "$tree" "${make[@]}" run-command \
			KBUILD_RUN_COMMAND='$(srctree)/scripts/package/install-extmod-build headers'
}

# One trixie root compiles for all: the tools in newer headers want its libc.
CHROOT_PACKAGES="base-files dash bash coreutils gcc-14 gcc-12 make kmod sed grep gawk findutils
	diffutils libelf1t64 libssl3t64 zlib1g libzstd1 sparse pahole perl python3"
CHROOT_OMITTED="debconf dpkg init-system-helpers debianutils usrmerge install-info
	libllvm19 libasan8 libtsan2 liblsan0 libubsan1 libhwasan0 libitm1 libquadmath0 libcc1-0
	libasan6 libtsan0 libtsan-dev"

make_chroot() {
	local tmp=$1 packages=$2
	say "making the chroot that compiles"
	make_root "$tmp" trixie "$packages" "$CHROOT_OMITTED"
	rm -rf "$tmp"/root/usr/share/{doc,man,locale,info}
	ln -sf dash "$tmp/root/usr/bin/sh"
	ln -sf gawk "$tmp/root/usr/bin/awk"
	# A name for the compiler of the headers' own host tools.
	ln -sf gcc-14 "$tmp/root/usr/bin/gcc"
	mkdir -p "$tmp/root"/{build,proc,dev,tmp,usr/src}
}

# chroot_dir [PACKAGES]: sets CHROOT, with PACKAGES beyond the usual.
chroot_dir() {
	local dir packages="$CHROOT_PACKAGES ${1-}"
	dir=$CACHE/chroot/$({ echo "$packages $CHROOT_OMITTED"; declare -f make_chroot make_root; } | hash_of)
	once "$dir" make_chroot "$packages"
	CHROOT=$dir/root
}

# The other compilers, and what else looks for mistakes: a root apart, as it is as large again.
CHECK_PACKAGES="clang-19 coccinelle libpython3.13-dev gcc-12-aarch64-linux-gnu"

check_chroot_dir() {
	local CHROOT_OMITTED=${CHROOT_OMITTED/libllvm19/}
	chroot_dir "$PREPARE_PACKAGES $CHECK_PACKAGES"
}

# What COMMAND of in_chroot has in its environment, beside the little that all have.
CHROOT_ENVIRONMENT=()

# in_chroot DIR COMMAND...: COMMAND in CHROOT, DIR being /build and HEADERS in their
# place. The mounts are this process's own and end with it.
in_chroot() {
	local dir=$1 kbuild as=()
	shift
	for kbuild in "$HEADERS"/usr/lib/linux-kbuild-*; do
		mkdir -p "$CHROOT/usr/lib/${kbuild##*/}"
	done
	[[ $EUID -eq 0 ]] || as=(--user --map-root-user)
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare "${as[@]}" --mount --pid --fork --kill-child bash -ec '
		chroot=$1 dir=$2 headers=$3
		shift 3
		mount --bind "$dir" "$chroot/build"
		mount --bind "$headers/usr/src" "$chroot/usr/src"
		for kbuild in "$headers"/usr/lib/linux-kbuild-*; do
			[[ -d $kbuild ]] || continue
			mount --bind "$kbuild" "$chroot/usr/lib/${kbuild##*/}"
		done
		mount --rbind /dev "$chroot/dev"
		mount -t proc proc "$chroot/proc"
		# Not as process 1: make that is told to stop there never comes to an end.
		chroot "$chroot" /usr/bin/env -i PATH=/usr/bin:/usr/sbin HOME=/build LC_ALL=C "$@" || exit
	' in_chroot "$CHROOT" "$dir" "$HEADERS" "${CHROOT_ENVIRONMENT[@]}" "$@" </dev/null
}

# ---- QEMU -----------------------------------------------------------------

# The Debian that this machine has.
codename() (
	# shellcheck source=/dev/null
	. /etc/os-release
	echo "${VERSION_CODENAME-}"
)

# bookworm's own QEMU 7.2 crashes 6.12 guests at random; 10.x does not. Libraries
# that this machine already has are not fetched.
make_qemu() {
	local tmp=$1 suites
	suites=$(codename)
	[[ $suites == bookworm ]] && suites=bookworm,bookworm-backports
	say "fetching QEMU ($suites)"
	update_index "$suites"
	STATUS=/var/lib/dpkg/status fetch_closure "$tmp/debs" "$suites" \
		qemu-system-x86 qemu-system-common qemu-system-data seabios
	unpack "$tmp" "$tmp/debs"/*.deb
	rm -rf "$tmp/debs" "$tmp"/usr/share/{doc,man,locale}
}

# qemu_dir: sets QEMU, the command up to where the options of a run begin.
qemu_dir() {
	local dir=$CACHE/qemu lib
	once "$dir" make_qemu
	lib=$dir/usr/lib/x86_64-linux-gnu
	QEMU=(env LD_LIBRARY_PATH="$lib:$dir/lib/x86_64-linux-gnu" QEMU_MODULE_DIR="$lib/qemu"
		"$dir/usr/bin/qemu-system-x86_64"
		-L "$dir/usr/share/qemu" -L "$dir/usr/share/seabios" -L /usr/share/seabios)
	"${QEMU[@]}" --version >/dev/null ||
		die "the cached QEMU does not start; rm -r $dir and try again"
}

# ---- the guest's userland -------------------------------------------------

GUEST_PACKAGES="base-files libc-bin bash busybox-static coreutils util-linux mount grep sed findutils
	iproute2 procps kmod mawk tcpdump python3 python3-yaml nginx apache2-utils
	libnl-3-200 libnl-genl-3-200 libjansson4 libncursesw6 ncurses-base tmux"
# Needed by the above only to be configured, or for features no test uses.
GUEST_OMITTED="debconf dpkg perl perl-base usrmerge init-system-helpers adduser passwd login
	libpam-modules libpam-runtime sensible-utils libnsl2 libdb5.3 debianutils tar
	readline-common media-types lsb-base usr-is-merged install-info iso-codes"

make_userland() {
	local tmp=$1 applet
	say "making the guest's userland"
	make_root "$tmp" bookworm "$GUEST_PACKAGES" "$GUEST_OMITTED"
	cd "$tmp/root"
	rm -rf usr/share/{doc,man,locale,info,lintian,bug,bash-completion,zoneinfo,perl5,doc-base,menu,pixmaps} \
		usr/lib/x86_64-linux-gnu/{gconv,perl*} usr/lib/python3*/{test,idlelib,ensurepip,lib2to3,pydoc_data,distutils,config-*} \
		var/{cache,log,lib}/* usr/lib/{systemd,udev,tmpfiles.d} usr/share/python3/debpython
	mkdir -p dev proc sys run tmp root etc/nginx var/log/nginx var/lib/nginx twscope
	ln -sf mawk usr/bin/awk
	ln -sf bash usr/bin/sh
	# util-linux' su wants PAM, whose configuration we leave out; busybox' does not.
	rm -f usr/bin/su usr/bin/login
	for applet in $(usr/bin/busybox --list); do
		[[ -e usr/bin/$applet || -e usr/sbin/$applet ]] || ln -s busybox "usr/bin/$applet"
	done
	printf '%s\n' root:x:0:0:root:/root:/bin/bash user:x:1000:1000:user:/tmp:/bin/bash \
		tcpdump:x:100:100::/nonexistent:/usr/sbin/nologin \
		www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin \
		nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin >etc/passwd
	printf '%s\n' root:x:0: user:x:1000: www-data:x:33: adm:x:4: tcpdump:x:100: nogroup:x:65534: >etc/group
	printf '127.0.0.1 localhost vm\n::1 localhost\n' >etc/hosts
	printf 'passwd: files\ngroup: files\nhosts: files\n' >etc/nsswitch.conf
	ldconfig -r .
	find . -print0 | LC_ALL=C sort -z | cpio --quiet -0 -o -H newc -R 0:0 >"$tmp/root.cpio"
	cd "$CACHE"
	rm -rf "$tmp/root"
}

# userland: sets USERLAND, the cpio archive every run starts from.
userland() {
	local dir
	dir=$CACHE/userland/$({ echo "$GUEST_PACKAGES $GUEST_OMITTED"; declare -f make_userland make_root; } | hash_of)
	once "$dir" make_userland
	USERLAND=$dir/root.cpio
}

# ---- the tool for the guest -----------------------------------------------

# The guest's libc is bookworm's, and what another Debian compiles may want a newer one.
CTL_PACKAGES="base-files dash coreutils gcc libc6-dev make sed grep gawk pkgconf flex bison
	libnl-genl-3-dev libjansson-dev libncurses-dev"

make_ctl_root() {
	local tmp=$1
	say "making the chroot that compiles twctl"
	make_root "$tmp" bookworm "$CTL_PACKAGES" "$CHROOT_OMITTED"
	rm -rf "$tmp"/root/usr/share/{doc,man,locale,info}
	ln -sf dash "$tmp/root/usr/bin/sh"
	ln -sf gawk "$tmp/root/usr/bin/awk"
	ln -sf gcc "$tmp/root/usr/bin/cc"
	mkdir -p "$tmp"/root/{build,proc,dev,tmp,usr/src} "$tmp/usr/src"
}

# guest_ctl: makes twctl for the guest and prints where it is.
guest_ctl() {
	local dir
	if [[ $(codename) == bookworm ]]; then
		make -s -C "$TOP" ctl >&2 && echo "$TOP/ctl/twctl"
		return
	fi
	dir=$CACHE/chroot/$({ echo "$CTL_PACKAGES $CHROOT_OMITTED"; declare -f make_ctl_root make_root; } | hash_of)
	once "$dir" make_ctl_root &&
		mkdir -p "$TOP/build/guest-ctl" &&
		CHROOT=$dir/root HEADERS=$dir in_chroot "$TOP" make -s -C /build/ctl O=/build/build/guest-ctl >&2 &&
		echo "$TOP/build/guest-ctl/twctl"
}

# ---- what the kernel log must not contain ---------------------------------

COMPLAINTS='WARNING:|\bBUG\b:|kernel BUG at|Oops\b|general protection fault|Kernel panic'
COMPLAINTS+='|Call Trace:|rcu.*detected.*stall|INFO: rcu|INFO: task .* blocked|soft lockup|hard LOCKUP'
COMPLAINTS+='|KASAN:|KCSAN:|KFENCE:|KMSAN:|UBSAN|kmemleak:.*(new suspected|unreferenced)|refcount_t:'
COMPLAINTS+='|unregister_netdevice: waiting|ODEBUG:|INFO: possible|INFO: trying to register|INFO: inconsistent'
COMPLAINTS+='|possible (circular|recursive) locking|inconsistent lock state|suspicious RCU usage'
COMPLAINTS+='|scheduling while atomic|sleeping function called|list_(add|del) corruption'
COMPLAINTS+='|invalid opcode:|segfault at|trap divide error|stack guard page|double fault|Out of memory'
COMPLAINTS+='|leaked reference|imbalanced|usage count|[Uu]nbalanced'

# complaints LOG: prints the offending lines, each with what follows the first;
# false if there are none.
complaints() {
	grep -qE "$COMPLAINTS" "$1" || return 1
	# To its end: of a pipe that is closed early the status would say that there are none.
	grep -nE -A 60 "$COMPLAINTS" "$1" | sed -n 1,400p
}
