#!/bin/sh
# Lays out, or removes again, what belongs to an installation. Called by make, which sets DESTDIR,
# PREFIX, SBINDIR, BINDIR, MANDIR, SYSCONFDIR, INIT and BIN.
set -eu

root=$DESTDIR
etc=$root$SYSCONFDIR
units=$root$PREFIX/lib/systemd/system
case $INIT in
redhat) script=$etc/rc.d/init.d/keepalived from=board/redhat/keepalived.init ;;
openwrt) script=$etc/init.d/keepalived from=board/openwrt/keepalived.init ;;
busybox) script=$etc/init.d/S70holdfast from=board/busybox/holdfast.init ;;
systemd) script=$units/holdfast.service from=board/systemd/holdfast.service ;;
*)
	echo "make: INIT=$INIT: there are redhat, openwrt, busybox and systemd" >&2
	exit 1
	;;
esac
case $INIT in
redhat | systemd) settings=$etc/sysconfig/keepalived options=board/common/keepalived.sysconfig ;;
*) settings=$etc/default/keepalived options=board/common/keepalived.default ;;
esac
# A router reads no manual.
case $INIT in openwrt | busybox) manual= ;; *) manual=yes ;; esac

# A file that someone may have changed, or that belongs to another program, stays.
keep() {
	if [ -e "$3" ] || [ -L "$3" ]; then
		cmp -s "$2" "$3" || echo "kept: $3"
	else
		install -m "$1" "$2" "$3"
	fi
}
link() {
	if [ -e "$2" ] || [ -L "$2" ]; then
		[ "$(readlink "$2")" = "$1" ] || echo "kept: $2 (another program; call holdfast by its own name)"
	else
		ln -s "$1" "$2"
	fi
}
unlink_ours() {
	if [ "$(readlink "$2")" = "$1" ]; then rm -f "$2"; fi
}
remove_unchanged() {
	if cmp -s "$1" "$2"; then rm -f "$2"; elif [ -e "$2" ]; then echo "kept: $2"; fi
}

put() {
	if [ ! -f "$BIN" ]; then
		echo "make: there is no $BIN yet: run 'make build' first (it need not be root)" >&2
		exit 1
	fi
	install -d "$root$SBINDIR" "$root$BINDIR" "$etc/keepalived/samples" "${script%/*}" "${settings%/*}"
	install -m 755 "$BIN" "$root$SBINDIR/holdfast"
	install -m 644 board/common/samples/* "$etc/keepalived/samples/"
	keep 640 board/common/keepalived.conf "$etc/keepalived/keepalived.conf"
	keep 644 "$options" "$settings"
	if [ -e "$script" ] && ! grep -q holdfast "$script"; then
		echo "kept: $script (another program's)"
	else
		sed -e "s|@SBINDIR@|$SBINDIR|g" -e "s|@SYSCONFDIR@|$SYSCONFDIR|g" "$from" >"$script.new"
		case $INIT in systemd) chmod 644 "$script.new" ;; *) chmod 755 "$script.new" ;; esac
		mv "$script.new" "$script"
	fi
	link holdfast "$root$SBINDIR/keepalived"
	link "$SBINDIR/holdfast" "$root$BINDIR/genhash"
	if [ -n "$manual" ]; then
		install -d "$root$MANDIR/man5" "$root$MANDIR/man8"
		install -m 644 board/common/holdfast.8 "$root$MANDIR/man8/holdfast.8"
		install -m 644 board/common/holdfast.conf.5 "$root$MANDIR/man5/holdfast.conf.5"
		link holdfast.8 "$root$MANDIR/man8/keepalived.8"
		link holdfast.conf.5 "$root$MANDIR/man5/keepalived.conf.5"
	fi
	echo "installed: $root$SBINDIR/holdfast; configuration: $etc/keepalived/keepalived.conf"
	if [ "$SYSCONFDIR" != /etc ]; then
		echo "holdfast reads /etc/keepalived/keepalived.conf: copy or link it there, or start with -f"
	fi
}

remove() {
	unlink_ours holdfast "$root$SBINDIR/keepalived"
	unlink_ours "$SBINDIR/holdfast" "$root$BINDIR/genhash"
	unlink_ours holdfast.8 "$root$MANDIR/man8/keepalived.8"
	unlink_ours holdfast.conf.5 "$root$MANDIR/man5/keepalived.conf.5"
	rm -f "$root$SBINDIR/holdfast" "$root$MANDIR/man8/holdfast.8" "$root$MANDIR/man5/holdfast.conf.5"
	for sample in board/common/samples/*; do
		rm -f "$etc/keepalived/samples/${sample##*/}"
	done
	remove_unchanged board/common/keepalived.conf "$etc/keepalived/keepalived.conf"
	remove_unchanged "$options" "$settings"
	if grep -q holdfast "$script" 2>/dev/null; then rm -f "$script"; fi
	# Folders that belong to nothing else any more; those of every system (bin, man8) stay.
	for folder in "$etc/keepalived/samples" "$etc/keepalived" "${script%/*}" "$etc/rc.d" \
		"${settings%/*}" "$root$PREFIX/lib/systemd"; do
		rmdir "$folder" 2>/dev/null || true
	done
}

case ${1:-} in
install) put ;;
uninstall) remove ;;
*) exit 2 ;;
esac
