//! `-t`: what it says of a file, and with which status.

use crate::cell;
use std::fs;
use std::path::Path;

#[test]
fn the_status_tells_what_kind_of_mistake_it_is() {
    cell::expect(
        r#"
t() { $H -t -f "$1" >out 2>err; printf '%s: %d, ' "$1" $?; grep -c . err; cat out; }
t good.conf
sed 's/priority 150/prioritty 150/' good.conf >unknown.conf; t unknown.conf
sed 's/priority 150/priority 300/' good.conf >range.conf; t range.conf
sed 's/priority 150/priority/' good.conf >argument.conf; t argument.conf
sed 's|priority 150|notify /bin/true|' good.conf >security.conf
$H -t -f security.conf 2>err; echo "security.conf: $?, $(grep -c 'enable_script_security is not set' err)"
sed 's/interface eth0/interface eth9/' good.conf >interface.conf; t interface.conf
sed 's/priority 150/use_vmac/' good.conf >later.conf; t later.conf
(echo 'include none*.conf'; cat good.conf) >include.conf; t include.conf
t none.conf
# The gravest one decides.
(cat argument.conf security.conf | sed '11,$s/VI_1/VI_2/;11,$s/51/52/'; cat unknown.conf) >all.conf
$H -t -f all.conf 2>/dev/null; echo "all: $?"
$H -t -e -f include.conf 2>/dev/null; echo "strict: $?"
$H -t 2>/dev/null; echo "no file: $?"
"#,
        "good.conf: 0, 0
unknown.conf: 5, 3
range.conf: 5, 3
argument.conf: 2, 3
security.conf: 6, 1
interface.conf: 5, 3
later.conf: 0, 3
include.conf: 0, 3
none.conf: 4, 1
all: 2
strict: 6
no file: 4",
    );
}

#[test]
fn a_message_names_place_line_and_remedy() {
    cell::expect(
        "sed 's/priority 150/prioritty 150/' good.conf >bad.conf\n$H -t -f bad.conf 2>&1\n
$H -tlog -f bad.conf; echo $?; cmp log - <<E\n$($H -t -f bad.conf 2>&1)\nE\necho $?",
        "bad.conf:4:5: error: unknown keyword 'prioritty' in 'vrrp_instance VI_1' (ignored)
    prioritty 150
    ^~~~~~~~~ did you mean 'priority'?
5
0",
    );
}

/// `-t -d` prints a configuration that means the same: printed again it is the same text.
#[test]
fn the_normal_form_is_a_fixed_point() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("board/common/samples");
    let names = fs::read_dir(&samples).expect("the samples").count();
    let Some(out) = cell::run(&format!(
        r#"
for f in good.conf '{}'/*.conf; do
    $H -t -d -f "$f" >once 2>/dev/null
    $H -t -d -f once >twice 2>/dev/null; status=$?
    cmp once twice || echo "$f differs"
    [ -s once ] || echo "$f: nothing is printed"
    [ $status = 0 ] || echo "$f: $status"
    grep -h '^vrrp_instance\|^    priority 150' once >>seen
    echo "read ${{f##*/}}"
done
[ $(grep -c '^vrrp_instance' seen) -gt 9 ] && grep -q 'priority 150' seen && echo "and understood"
"#,
        samples.display()
    )) else {
        return;
    };
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    let read = said.lines().filter(|l| l.starts_with("read ")).count();
    assert_eq!(read, names + 1, "{said}");
    let rest: Vec<&str> = said.lines().filter(|l| !l.starts_with("read ")).collect();
    assert_eq!(rest, ["and understood"], "{said}");
}

#[test]
fn at_lines_follow_the_word_of_the_command_line() {
    cell::expect(
        r#"
sed 's/priority 150/@east priority 111\n@west priority 122\n@^east nopreempt/' good.conf >at.conf
show() { $H -t -d -f at.conf "$@" | grep -o 'priority .*\|nopreempt$' | tr '\n' ' '; echo; }
show -i east; show -i west; show --config-id=north
"#,
        "priority 111 \npriority 122 nopreempt \npriority 100 nopreempt",
    );
}

#[test]
fn a_pattern_names_several_files() {
    cell::expect(
        r#"
mkdir d; cp good.conf d/a.conf
sed 's/VI_1/VI_2/;s/_id 51/_id 52/;s/2.100/2.101/' good.conf >d/b.conf
$H -t -d -f '/run/d/*.conf' 2>/dev/null | grep '^vrrp_instance'
"#,
        "vrrp_instance VI_1 {\nvrrp_instance VI_2 {",
    );
}
