//! The init scripts of the other systems with the real daemon behind them, under busybox's shell.

use crate::cell;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

/// busybox's commands alone, and the script as `make install PREFIX=/usr INIT=busybox` would lay it
/// out.
const BUSYBOX: &str = r#"
mkdir /run/bb
for a in sh ash start-stop-daemon sleep rm cat printf kill; do ln -s "$(command -v busybox)" /run/bb/$a; done
sed "s|@SBINDIR@/holdfast|$H|; s|^PATH=.*|PATH=/run/bb|" "$SOURCE/board/busybox/holdfast.init" >/etc/init
cp good.conf /etc/keepalived/keepalived.conf
i() { busybox ash /etc/init "$@" >said 2>/dev/null; status=$?; sed "s/pid [0-9][0-9]*/pid N/" said | tr '\n' ';'; echo " $1: $status"; }
"#;

fn expect(prelude: &str, script: &str, want: &str) {
    let source = format!("SOURCE='{}'\n", env!("CARGO_MANIFEST_DIR"));
    cell::expect(&(source + prelude + script), want);
}

#[test]
fn busybox_starts_reloads_restarts_and_stops() {
    expect(
        BUSYBOX,
        r#"
i status; i start; until_ holds; i status; i start; $H status | cut -f1-2 | grep instance; $H reload
first=$(cat keepalived.pid); i reload; kill -0 $first && echo "it goes on"
i restart; gone $first && until_ holds && echo "another one"
i stop; ls *.pid 2>/dev/null; holds || echo "nothing is left"
i stop; i reload; i status; i frob
"#,
        "holdfast is stopped; status: 3
Starting holdfast: OK; start: 0
holdfast (pid N) is running; status: 0
Starting holdfast: OK (it runs already); start: 0
instance\tVI_1
configuration accepted: 1 vrrp_instance (0 new, 0 removed)
Reloading holdfast: OK; reload: 0
it goes on
Stopping holdfast: OK;Starting holdfast: OK; restart: 0
another one
Stopping holdfast: OK; stop: 0
nothing is left
Stopping holdfast: OK (it does not run); stop: 0
Reloading holdfast: FAIL (it does not run); reload: 7
holdfast is stopped; status: 3
Usage: /etc/init {start|stop|restart|reload|status|configtest}; frob: 2",
    );
}

#[test]
fn busybox_copes_with_crashes_and_mistakes() {
    expect(
        BUSYBOX,
        r#"
i start; until_ test -s vrrp.pid; pid=$(cat keepalived.pid); worker=$(cat vrrp.pid)
kill -9 $pid $worker; until_ gone $pid; until_ gone $worker
i status; i start; i status; i stop
echo $$ >keepalived.pid; i status; i start; i stop
sed 's/priority/prioritty/' good.conf >/etc/keepalived/keepalived.conf; i configtest; i start
cp /etc/keepalived/keepalived.conf bad.conf; cp good.conf /etc/keepalived/keepalived.conf; i reload
cp bad.conf /etc/keepalived/keepalived.conf; i reload; i status; i stop
mkdir -p /etc/default; echo 'KEEPALIVED_OPTIONS="-D -e"' >/etc/default/keepalived
echo 'include /none' >/etc/keepalived/keepalived.conf; i start; i status
rm /etc/keepalived/keepalived.conf; i start
echo 'CONF=/run/good.conf' >/etc/default/keepalived; i start; until_ holds; i stop
"#,
        "Starting holdfast: OK; start: 0
holdfast is dead, but /var/run/keepalived.pid exists; status: 1
Starting holdfast: OK; start: 0
holdfast (pid N) is running; status: 0
Stopping holdfast: OK; stop: 0
holdfast is dead, but /var/run/keepalived.pid exists; status: 1
Starting holdfast: OK; start: 0
Stopping holdfast: OK; stop: 0
 configtest: 5
Starting holdfast: OK; start: 0
Reloading holdfast: OK; reload: 0
Reloading holdfast: FAIL; reload: 1
holdfast (pid N) is running; status: 0
Stopping holdfast: OK; stop: 0
Starting holdfast: FAIL; start: 6
holdfast is stopped; status: 3
Starting holdfast: FAIL (/etc/keepalived/keepalived.conf is not there); start: 6
Starting holdfast: OK; start: 0
Stopping holdfast: OK; stop: 0",
    );
}

/// As much of OpenWrt's rc.common and procd as the script needs: the parameters are shown, and the
/// command runs.
const OPENWRT: &str = r#"
cat >/run/rc.common <<'E'
logger() { echo "log: $*"; }
config_load() { :; }
config_get_bool() { eval "$1=\${UCI_$3:-$4}"; }
config_get() { eval "$1=\${UCI_$3:-}"; }
procd_open_instance() { echo "instance {"; }
procd_close_instance() { echo "}"; }
procd_set_param() {
	echo "$*" | sed "s|$H|HOLDFAST|"
	if [ "$1" = command ]; then shift; "$@" >/dev/null 2>&1 & echo $! >/run/instance; fi
}
procd_add_reload_trigger() { echo "reload when $* changes"; }
procd_send_signal() { kill -"$3" "$(cat /run/instance)"; }
. "$1"
"$2"
E
export H
sed "s|@SBINDIR@/holdfast|$H|" "$SOURCE/board/openwrt/keepalived.init" >/etc/init
cp good.conf /etc/keepalived/keepalived.conf
i() { busybox ash /run/rc.common /etc/init "$@"; echo "$1: $?"; }
"#;

#[test]
fn openwrt_runs_it_in_the_foreground_and_reloads_by_signal() {
    expect(
        OPENWRT,
        r#"
i start_service; until_ holds; pid=$(cat instance); i reload_service; sleep 0.2
kill -0 $pid && echo "it goes on"
kill $pid; until_ gone $pid; holds || echo "nothing is left"
i service_triggers
mkdir -p /etc/config /etc/default; : >/etc/config/keepalived
echo 'KEEPALIVED_OPTIONS="-D -S 3"' >/etc/default/keepalived
export UCI_enabled=0; i start_service; unset UCI_enabled
export UCI_alt_config_file=/run/good.conf; i start_service; unset UCI_alt_config_file
kill $(cat instance); until_ gone $(cat instance)
i configtest
rm /etc/keepalived/keepalived.conf; i start_service
"#,
        "instance {
command HOLDFAST -n -f /etc/keepalived/keepalived.conf
file /etc/keepalived/keepalived.conf
respawn
reload_signal HUP
term_timeout 10
}
start_service: 0
reload_service: 0
it goes on
nothing is left
reload when keepalived changes
service_triggers: 0
start_service: 0
instance {
command HOLDFAST -n -f /run/good.conf -D -S 3
file /run/good.conf
respawn
reload_signal HUP
term_timeout 10
}
start_service: 0
configtest: 0
log: -t keepalived -p daemon.err /etc/keepalived/keepalived.conf is not there
start_service: 6",
    );
}

/// What systemd hears; and that the scripts do not speak to it.
#[test]
fn a_service_manager_is_told_how_it_goes() {
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("notify.{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let manager = UnixDatagram::bind(&path).expect("a socket");
    manager.set_nonblocking(true).expect("a mode");
    let script = format!(
        r#"
export NOTIFY_SOCKET='{}' WATCHDOG_USEC=10000000
printf '#!/bin/sh\nenv >/run/seen\n' >note; chmod 755 note
sed 's|interface eth0|&\n notify_master /run/note|' good.conf >told.conf
$H -n -f told.conf >/dev/null 2>&1 & pid=$!
until_ holds; until_ test -s seen; sleep 1.2; kill $pid; wait $pid; echo "ended: $?"
grep -c -e NOTIFY_SOCKET -e WATCHDOG seen
true
"#,
        path.display()
    );
    cell::expect(&script, "ended: 0\n0");
    let mut heard = Vec::new();
    let mut buf = [0; 128];
    while let Ok(n) = manager.recv(&mut buf) {
        let text = String::from_utf8_lossy(&buf[..n]).into_owned();
        if heard.last() != Some(&text) {
            heard.push(text);
        }
    }
    let _ = std::fs::remove_file(&path);
    if heard.is_empty() && std::env::var_os("CI").is_none() {
        return;
    }
    assert!(heard.contains(&"WATCHDOG=1".to_owned()), "{heard:?}");
    heard.retain(|text| text != "WATCHDOG=1");
    assert_eq!(heard, ["READY=1", "STOPPING=1"]);
}
