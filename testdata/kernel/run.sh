#!/bin/sh
# run.sh DIR PROGRAM SCRIPT: runs SCRIPT, which tests PROGRAM, in a virtual
# machine with a stock Debian kernel and real ALSA drivers: snd-dummy, snd-aloop,
# the PCI cards that QEMU emulates (ES1370, HD Audio), and the sequencer. The
# kernel and what it boots from are fetched with apt into DIR once; DIR/rack, if
# it is there, is a simulated card (see rack.go). The machine sees the host's
# files, read-only; what it writes is lost. No /dev/kvm and no root are needed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
program=$(realpath "$2")
script=$(realpath "$3")

cannot() { echo "test-vm: cannot run here: $*" >&2; exit 1; }
[ "$(uname -m)" = x86_64 ] || cannot "this is no x86-64 machine"
for tool in qemu-system-x86_64 apt-get dpkg cpio; do
	command -v $tool >/dev/null || cannot "no $tool (apt-get install --no-install-recommends qemu-system-x86 seabios cpio kmod)"
done
PATH=$PATH:/sbin:/usr/sbin
command -v depmod >/dev/null || cannot "no depmod (apt-get install kmod)"

if [ ! -s "$dir/initramfs.gz" ] || [ "$here/run.sh" -nt "$dir/initramfs.gz" ] || [ "$here/init" -nt "$dir/initramfs.gz" ]; then
	rm -rf "$dir/tree"
	mkdir -p "$dir/tree/deb"
	package=$(apt-cache depends linux-image-amd64 2>/dev/null | awk '$1 == "Depends:" { print $2; exit }')
	[ -n "$package" ] || cannot "apt knows no package linux-image-amd64"
	echo "test-vm: fetching $package and busybox-static into $dir"
	(cd "$dir/tree/deb" && apt-get -qq -o APT::Sandbox::User=root download "$package" busybox-static) || cannot "apt could not fetch them"
	for deb in "$dir"/tree/deb/*.deb; do dpkg -x "$deb" "$dir/tree/root"; done
	root=$dir/tree/root
	version=$(ls "$root/lib/modules")
	cp "$root/boot/vmlinuz-$version" "$dir/vmlinuz"
	[ -s "$root/lib/modules/$version/modules.dep" ] || depmod -b "$root" "$version"
	small=$dir/tree/small
	mkdir -p "$small/bin" "$small/dev" "$small/proc" "$small/sys" "$small/share" "$small/host" "$small/lib/modules/$version"
	install -m 755 "$(find "$root" -path '*bin/busybox' -type f)" "$small/bin/busybox"
	install -m 755 "$here/init" "$small/init"
	for module in virtio_pci 9pnet_virtio 9p overlay snd-dummy snd-aloop snd-ens1370 snd-hda-codec-generic snd-hda-intel snd-seq snd-seq-dummy snd-virmidi; do
		modprobe -d "$root" -S "$version" -C /dev/null --show-depends $module | awk '$1 == "insmod" { print $2 }'
	done | sort -u | sed "s#^$root/##" | (cd "$root" && cpio --quiet -pdm "$small")
	cp "$root/lib/modules/$version/modules.order" "$root/lib/modules/$version/modules.builtin" \
		"$root/lib/modules/$version/modules.builtin.modinfo" "$small/lib/modules/$version/"
	depmod -b "$small" "$version"
	(cd "$small" && find . | cpio --quiet -o -H newc -R 0:0) | gzip -1 > "$dir/initramfs.part"
	mv "$dir/initramfs.part" "$dir/initramfs.gz"
	rm -rf "$dir/tree"
fi

share=$(mktemp -d)
trap 'rm -rf "$share"' EXIT
cp "$program" "$share/jackknife"
cp "$script" "$share/script"
[ ! -d "$dir/rack" ] || echo "$dir/rack" > "$share/rack"
timeout 300 qemu-system-x86_64 -nodefaults -no-user-config -no-reboot -display none \
	-M pc -m 512 -smp 2 -accel tcg,thread=multi \
	-kernel "$dir/vmlinuz" -initrd "$dir/initramfs.gz" \
	-append "console=ttyS0 quiet panic=-1 tsc=reliable no_timer_check" \
	-serial "file:$dir/console.log" \
	-fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap \
	-device virtio-9p-pci,fsdev=host,mount_tag=host \
	-fsdev local,id=share,path="$share",security_model=none \
	-device virtio-9p-pci,fsdev=share,mount_tag=share \
	-audiodev none,id=a -device ES1370,audiodev=a \
	-audiodev none,id=b -device intel-hda -device hda-duplex,audiodev=b \
	</dev/null || true
[ ! -f "$share/out" ] || cat "$share/out"
[ ! -f "$share/out" ] || [ -f "$share/status" ] || { echo "test-vm: not finished within five minutes" >&2; exit 1; }
[ -f "$share/status" ] || cannot "the machine did not come up; its console is in $dir/console.log"
exit "$(cat "$share/status")"
