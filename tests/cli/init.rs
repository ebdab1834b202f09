//! The init script with the real daemon behind it.

use crate::cell;

/// The script as `make install PREFIX=/usr` would lay it out, and its words on one line.
const SCRIPT: &str = r#"
sed "s|@SBINDIR@/holdfast|$H|; s|@SYSCONFDIR@|/etc|g" "$SOURCE/board/redhat/keepalived.init" >/etc/init
cp good.conf /etc/keepalived/keepalived.conf
i() { $SHELL /etc/init "$@" >said 2>/dev/null; status=$?; sed "s/pid [0-9][0-9]*/pid N/" said | tr '\n' ';'; echo " $1: $status"; }
"#;

fn expect(script: &str, want: &str) {
    for shell in ["sh", "busybox ash"] {
        let source = format!("SHELL='{shell}' SOURCE='{}'\n", env!("CARGO_MANIFEST_DIR"));
        cell::expect(&(source + SCRIPT + script), want);
    }
}

#[test]
fn it_starts_reloads_restarts_and_stops() {
    expect(
        r#"
i status; i start; until_ holds; i status; i start; $H status | grep instance | cut -f1-3; $H reload
first=$(cat keepalived.pid); i reload; kill -0 $first && echo "it goes on"
i restart; gone $first && until_ holds && echo "another one"
i condrestart; i stop; ls *.pid 2>/dev/null; holds || echo "nothing is left"
i stop; i condrestart; i reload; i status
"#,
        "keepalived is stopped; status: 3
Starting keepalived: OK; start: 0
keepalived (holdfast, pid N) is running; status: 0
Starting keepalived: already running (pid N) OK; start: 0
instance\tVI_1\tMASTER
configuration accepted: 1 vrrp_instance (0 new, 0 removed)
Reloading keepalived: OK; reload: 0
it goes on
Stopping keepalived: OK;Starting keepalived: OK; restart: 0
another one
Stopping keepalived: OK;Starting keepalived: OK; condrestart: 0
Stopping keepalived: OK; stop: 0
nothing is left
Stopping keepalived: it does not run OK; stop: 0
 condrestart: 0
Reloading keepalived: it does not run FAILED; reload: 7
keepalived is stopped; status: 3",
    );
}

#[test]
fn it_copes_with_crashes_and_mistakes() {
    expect(
        r#"
i start; until_ test -s vrrp.pid; pid=$(cat keepalived.pid); worker=$(cat vrrp.pid)
kill -9 $pid $worker; until_ gone $pid; until_ gone $worker
i status; i start; i status; i stop
echo $$ >keepalived.pid; i status; i start; i stop
sed 's/priority/prioritty/' good.conf >/etc/keepalived/keepalived.conf; i configtest; i start
cp /etc/keepalived/keepalived.conf bad.conf; cp good.conf /etc/keepalived/keepalived.conf; i reload
cp bad.conf /etc/keepalived/keepalived.conf; i reload; i status; i stop
mkdir -p /etc/sysconfig; echo 'KEEPALIVED_OPTIONS="-D -e"' >/etc/sysconfig/keepalived
echo 'include /none' >/etc/keepalived/keepalived.conf; i start; i status
rm /etc/keepalived/keepalived.conf; i start
echo 'KEEPALIVED_OPTIONS="-D -f /run/good.conf"' >/etc/sysconfig/keepalived; i start; until_ holds; i stop
echo 'KEEPALIVED_OPTIONS="-f /run/bad.conf --socket=none"' >/etc/sysconfig/keepalived; i configtest; i start; until_ holds
cp good.conf bad.conf; sed -i s/VI_1/VI_2/ bad.conf; i reload
until_ eval 'kill -USR1 $(cat keepalived.pid); grep -qs VI_2 /tmp/keepalived.data'; i stop
"#,
        "Starting keepalived: OK; start: 0
keepalived is dead, but /var/run/keepalived.pid exists; status: 1
Starting keepalived: OK; start: 0
keepalived (holdfast, pid N) is running; status: 0
Stopping keepalived: OK; stop: 0
keepalived is dead, but /var/run/keepalived.pid exists; status: 1
Starting keepalived: OK; start: 0
Stopping keepalived: OK; stop: 0
 configtest: 5
Starting keepalived: OK; start: 0
Reloading keepalived: OK; reload: 0
Reloading keepalived: FAILED; reload: 1
keepalived (holdfast, pid N) is running; status: 0
Stopping keepalived: OK; stop: 0
Starting keepalived: FAILED; start: 6
keepalived is stopped; status: 3
Starting keepalived: /etc/keepalived/keepalived.conf is not there FAILED; start: 6
Starting keepalived: OK; start: 0
Stopping keepalived: OK; stop: 0
 configtest: 5
Starting keepalived: OK; start: 0
Reloading keepalived: OK; reload: 0
Stopping keepalived: OK; stop: 0",
    );
}
