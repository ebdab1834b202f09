//! Running it: pid files, the second start, signals, options that change how it runs.

use crate::cell;

#[test]
fn a_second_start_says_which_process_is_there() {
    cell::expect(
        r#"
$H -f good.conf; echo "first $?"
pid=$(cat keepalived.pid); until_ test -s vrrp.pid
said=$($H -f good.conf 2>&1); status=$?
[ "$said" = "holdfast: daemon is already running (pid $pid, /run/keepalived.pid)" ] || echo "$said"
echo "second $status"
[ "$(tr '\0' ' ' </proc/$pid/cmdline)" = "$H -f good.conf " ] && echo "it is the daemon"
[ "$(cat vrrp.pid)" = "$(cat checkers.pid)" ] && [ "$(cat vrrp.pid)" != $pid ] && echo "and a worker"
worker=$(cat vrrp.pid); grep -q "^PPid:[[:space:]]*$pid\$" /proc/$worker/status && echo "its child"
kill $pid; until_ gone $pid; gone $worker && ls *.pid 2>/dev/null; echo "clean"
"#,
        "first 0\nsecond 0\nit is the daemon\nand a worker\nits child\nclean",
    );
}

/// A daemon goes to the root folder; a name that is relative is one of where it was started.
#[test]
fn names_of_files_mean_the_same_after_the_start() {
    cell::expect(
        r#"
mkdir here; cd here; echo 'include ../good.conf' >one.conf
$H -f one.conf -p a.pid -r b.pid -c c.pid; until_ holds; until_ test -s c.pid; ls *.pid | tr '\n' ' '; echo
sed -i 's/VI_1/VI_2/' ../good.conf; $H reload -p a.pid
kill -9 $(cat b.pid); until_ eval '$H explain -p a.pid VI_2 2>/dev/null | grep -o "configured: [^:]*"'
$H stop -p a.pid; echo $?; ls *.pid *.sock 2>/dev/null; true
"#,
        "a.pid b.pid c.pid 
configuration accepted: 1 vrrp_instance (0 new, 0 removed)
configured: /run/here/../good.conf
0",
    );
}

/// What was wrong before, and warnings, are not why.
#[test]
fn a_reload_that_is_refused_names_what_is_new() {
    cell::expect(
        r#"
sed -i 's/priority 150/prioritty 150\n track_interface {\n eth0\n }/' good.conf
$H -f good.conf; until_ holds; $H reload | tail -n 1; $H -t -f good.conf 2>&1 | grep -c good.conf
sed -i 's/version 3/&\n garp_master_dealy 1/' good.conf; $H reload; echo $?
"#,
        "configuration accepted: 1 vrrp_instance (0 new, 0 removed)
2
the running configuration stays: the new one has an error that this one has not
/run/good.conf:9:2: unknown keyword 'garp_master_dealy' in 'vrrp_instance VI_1' (ignored) (did you mean 'garp_master_delay'?)
1",
    );
}

/// Whoever waits for the command finds the daemon's number in the file, never that of a process
/// that is gone.
#[test]
fn the_pid_file_is_right_when_the_command_returns() {
    cell::expect(
        r#"
for i in 1 2 3 4 5 6 7 8 9 10; do
    $H -f good.conf; pid=$(cat keepalived.pid)
    kill -0 $pid || echo "$i: there is no process $pid"
    kill $pid; until_ gone $pid
done
echo done
"#,
        "done",
    );
}

#[test]
fn a_stale_pid_file_stops_nobody() {
    cell::expect(
        r#"
echo 1 >keepalived.pid
$H -f good.conf; pid=$(cat keepalived.pid); [ $pid != 1 ] && kill $pid && until_ gone $pid
ln -s /etc/victim keepalived.pid; $H -f good.conf 2>/dev/null; echo $?; ls /etc
"#,
        "1\nkeepalived",
    );
}

#[test]
fn the_foreground_is_one_process_and_removes_its_files() {
    cell::expect(
        r#"
for signal in TERM INT; do
    $H -nl -f good.conf -p /run/a -r /run/b -c /run/c 2>log & pid=$!
    until_ holds
    head -qn1 a b c | sort -u | sed "s/^$pid\$/one process/"
    kill -$signal $pid; wait $pid; echo "status $?"
    ls a b c 2>/dev/null; holds && echo "the address stays"
    sed 's/[0-9.]* s$/N s/' log
done
"#,
        "one process
status 0
holdfast 0.1.0 runs 1 vrrp_instance of good.conf
(VI_1) Entering BACKUP STATE: starting
(VI_1) Entering MASTER STATE: no advert for N s
stopping
(VI_1) Stopped: stopping
stopped
one process
status 0
holdfast 0.1.0 runs 1 vrrp_instance of good.conf
(VI_1) Entering BACKUP STATE: starting
(VI_1) Entering MASTER STATE: no advert for N s
stopping
(VI_1) Stopped: stopping
stopped"
            .replace("0.1.0", env!("CARGO_PKG_VERSION"))
            .as_str(),
    );
}

#[test]
fn a_configuration_that_is_not_there() {
    cell::expect(
        r#"
$H -f /run/none.conf; echo "-f: $?"
$H -nl -f /run/none.conf 2>&1; echo "-n -f: $?"
$H -e -f good.conf -nl 2>/dev/null & sleep 0.1; kill $!; wait $!; echo "-e: $?"
(echo 'include /none'; cat good.conf) >strict.conf
$H -e -f strict.conf; echo "-e, and nothing to include: $?"
ls *.pid 2>/dev/null || true
"#,
        "-f: 6
configuration file /run/none.conf does not exist
-n -f: 6
-e: 0
-e, and nothing to include: 6",
    );
}

#[test]
fn without_a_file_it_runs_empty_and_answers() {
    cell::expect(
        r#"
$H -nl 2>log & pid=$!
until_ says log 'no vrrp_instance'
kill -HUP $pid; until_ says log 'the file cannot be read'
kill -0 $pid && echo "it runs"
kill $pid; wait $pid; echo $?
grep -c '/etc/keepalived/keepalived.conf does not exist' log
cp good.conf /etc/keepalived/keepalived.conf; $H; until_ holds; echo "with a file it is Master"
"#,
        "it runs\n0\n2\nwith a file it is Master",
    );
}

#[test]
fn signals_write_the_state_or_say_that_they_do_not() {
    cell::expect(
        r#"
mkdir dumps
TMPDIR=/run/dumps $H -nl -f good.conf 2>log & pid=$!
until_ holds
for s in DATA STATS JSON TDUMP; do kill -$($H --signum=$s) $pid; done
until_ says log 'wrote /run/dumps/keepalived.data'; until_ says log 'wrote /run/dumps/keepalived.stats'
until_ test -s dumps/keepalived.json; until_ says log 'dump of internal timers is not available'
grep -h 'State =\|VRRP Instance\|Became' dumps/*.data dumps/*.stats; grep -c '"iname":"VI_1"' dumps/keepalived.json
kill -$($H --signum=STATS_CLEAR) $pid; sleep 0.3; rm dumps/*; kill -USR2 $pid
until_ test -s dumps/keepalived.stats; grep Became dumps/keepalived.stats
kill $pid; wait $pid
for dir in /none relative; do
    rm -f /tmp/*; TMPDIR=$dir $H -n -f good.conf & pid=$!; until_ holds; kill -USR1 $pid
    until_ test -s /tmp/keepalived.data; kill $pid; wait $pid
done
"#,
        " VRRP Instance = VI_1
   State = MASTER
VRRP Instance: VI_1
  Became master: 1
1
  Became master: 0",
    );
}

#[test]
fn options_change_how_it_runs() {
    cell::expect(
        r#"
$H -nl -d -f good.conf 2>log & pid=$!; until_ holds; kill $pid; wait $pid
$H -t -d -f good.conf | grep . >form; head -n "$(grep -c . form)" log | cmp - form && echo "-d logs the normal form"

$H -n -u 077 -f good.conf & pid=$!; until_ holds; kill -USR1 $pid; until_ test -s /tmp/keepalived.data
stat -c %a /tmp/keepalived.data keepalived.pid vrrp.pid | tr '\n' ' '; kill $pid; wait $pid; echo
$H -n -u 0x12 -f good.conf & pid=$!; until_ holds
grep Umask /proc/$pid/status; kill $pid; wait $pid

$H --ignore-sigint -f good.conf; pid=$(cat keepalived.pid); until_ holds
kill -INT $pid; kill -INT $(cat vrrp.pid); sleep 0.3; kill -0 $pid && holds && echo "SIGINT is ignored"
kill $pid; until_ gone $pid

$H -V -f good.conf; pid=$(cat keepalived.pid); until_ holds; kill $pid; until_ gone $pid
holds && echo "-V leaves the address"; ip addr del 192.0.2.100/24 dev eth0

$H -f good.conf; pid=$(cat keepalived.pid); until_ holds; worker=$(cat vrrp.pid); kill -9 $worker
new() { [ "$(cat vrrp.pid)" != $worker ]; }
until_ new; kill -0 $pid && echo "a dead worker is replaced"; kill $pid; until_ gone $pid
$H -R -f good.conf; pid=$(cat keepalived.pid); until_ holds; kill -9 $(cat vrrp.pid)
until_ gone $pid; echo "with -R it stops"; rm -f *.pid; ip addr del 192.0.2.100/24 dev eth0

$H -P -f good.conf; pid=$(cat keepalived.pid); until_ holds; ls *.pid | tr '\n' ' '; kill $pid; until_ gone $pid; echo
rm -f *.pid
$H -C -f good.conf; pid=$(cat keepalived.pid); until_ test -s checkers.pid; ls *.pid | tr '\n' ' '; kill $pid; until_ gone $pid
echo; holds || echo "-C: no VRRP"
"#,
        "-d logs the normal form
600 600 600 
Umask:\t0022
SIGINT is ignored
-V leaves the address
a dead worker is replaced
with -R it stops
keepalived.pid vrrp.pid 
checkers.pid keepalived.pid 
-C: no VRRP",
    );
}

#[test]
fn options_without_effect_are_named_once() {
    cell::expect(
        r#"
$H -nl -f good.conf -s blue -a -X -gfile --flush-log-file -b f -m -M -x -A s stray 2>log & pid=$!
until_ holds; kill $pid; wait $pid
grep -c 'is not available' log; grep -o 'unexpected argument(s) ignored: .*' log
sed -n 's/^\(-[a-zA-Z]\).*is not available.*/\1/p' log | tr '\n' ' '
"#,
        "10\nunexpected argument(s) ignored: stray\n-s -a -X -g -b -m -M -x -A ",
    );
}

#[test]
fn without_permission_it_says_which() {
    cell::expect(
        r#"
chmod 755 /run; cp good.conf /tmp
user='setpriv --bounding-set=-all --inh-caps=-all --reuid=65534 --regid=65534 --clear-groups'
$user true 2>/dev/null || user='setpriv --bounding-set=-all --inh-caps=-all'
$user $H -nl -P -f /tmp/good.conf -p /tmp/p -r /tmp/r 2>log; echo $?
grep 'cannot run' log
[ "$user" = "${user%groups}" ] || $user $H -t -f /tmp/good.conf; echo "-t $?"
"#,
        "4\ncannot run: it needs CAP_NET_ADMIN and CAP_NET_RAW: run it as root\n-t 0",
    );
}
