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
$H -tlog -f bad.conf; echo $?; cmp log - <<E\n$($H -t -f bad.conf 2>&1)\nE\necho $?
mkfifo pipe; cat pipe >log2 & $H -tpipe -f bad.conf; wait; cmp log log2 && [ -p pipe ] && echo a pipe stays
$H -t/dev/stdout -f bad.conf >log3; cmp log log3; [ -h /dev/stdout ] && echo so does a link",
        "bad.conf:4:5: error: unknown keyword 'prioritty' in 'vrrp_instance VI_1' (ignored)
    prioritty 150
    ^~~~~~~~~ did you mean 'priority'?
5
0
a pipe stays
so does a link",
    );
}

/// For editors and web interfaces: one object a line and nothing else on standard output.
#[test]
fn json_is_for_programs() {
    cell::expect(
        r#"
bad=$(printf 'a"\\\033.conf')
sed 's/priority 150/prioritty \xc3\xa4/; s/VI_1/V\xff\x02/' good.conf >"$bad"
$H --check-format=json -f "$bad" 2>err; echo $?
$H -t -d --check-format json -f "$bad" stray >out 2>err; echo "$?, $(wc -l <out)"; cat err
$H -tlog -d --check-format=json -f "$bad" | grep -c 'interface eth0'; wc -l <log
$H --check-format=json -f "$bad" | cmp - log
$H --check-format=text -f "$bad" 2>err; echo $?; $H -t -f "$bad" 2>&1 | cmp - err
$H -t --check-format=json -f good.conf; echo $?
"#,
        r#"{"file":"a\"\\\u001b.conf","line":1,"column":15,"end_column":18,"severity":"error","text":"'V��' holds control characters and is ignored"}
{"file":"a\"\\\u001b.conf","line":4,"column":5,"end_column":14,"severity":"error","class":"general","text":"unknown keyword 'prioritty' in 'vrrp_instance V��' (ignored)","hint":"did you mean 'priority'?"}
5
5, 2
holdfast: unexpected argument(s) ignored: stray
1
2
5
0"#,
    );
}

/// A reader that has seen enough is no reason to complain.
#[test]
fn the_list_of_keywords_may_be_cut_off() {
    cell::expect(
        "{ $H --keywords 2>err; echo $? >status; } | head -1; cat err status",
        "keyword\tblocks\targuments\tdefault\tsupport\n0",
    );
}

/// On a terminal the list stands in columns.
#[test]
fn the_list_of_keywords_has_columns_on_a_terminal() {
    cell::expect(
        r#"
command -v script >/dev/null || { echo aligned; exit 0; }
script -qec "$H --keywords" log </dev/null | tr -d '\r' >out
grep -q "$(printf '\t')" out && echo "tabs"
a=$(grep -b -o 'supported' out | wc -l); [ "$a" -gt 300 ] || echo "only $a"
one=$(grep '^advert_int ' out); two=$(grep '^auth_pass ' out)
one=${one%%vrrp_inst*} two=${two%%authent*}
[ ${#one} = ${#two} ] && echo aligned
"#,
        "aligned",
    );
}

/// `-t -d` prints a configuration that means the same: printed again it is the same text.
#[test]
fn the_normal_form_is_a_fixed_point() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("board/common/samples");
    let names = fs::read_dir(&samples).expect("the samples").count();
    let Some(out) = cell::run(&format!(
        r#"
for f in good.conf '{}'/*; do
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
