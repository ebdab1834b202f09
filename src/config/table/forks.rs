//! Keywords of forks of keepalived, and the fork.

const FULLNAT: &str = "the FULLNAT fork of LVS";
const DPVS: &str = "DPVS";

/// The keyword, and who knows it.
const FORKS: [(&str, &str); 25] = [
    ("laddr_group_name", FULLNAT),
    ("local_address_group", FULLNAT),
    ("laddr_group", FULLNAT),
    ("syn_proxy", FULLNAT),
    ("vip_bind_dev", FULLNAT),
    ("est_timeout", FULLNAT),
    ("daddr_group_name", DPVS),
    ("deny_address_group", DPVS),
    ("waddr_group_name", DPVS),
    ("allow_address_group", DPVS),
    ("blklst_addr_group", DPVS),
    ("blklst_addr_group_name", DPVS),
    ("whtlst_addr_group", DPVS),
    ("whtlst_addr_group_name", DPVS),
    ("establish_timeout", DPVS),
    ("conn_timeout", DPVS),
    ("dpdk_interface", DPVS),
    ("hash_target", DPVS),
    ("quorum_algo", DPVS),
    ("dpvs_ipset", DPVS),
    ("proxy_protocol", DPVS),
    ("expire_quiescent_conn", DPVS),
    ("limit_proportion", DPVS),
    ("src-range", DPVS),
    ("dst-range", DPVS),
];

/// The fork that has this keyword.
pub(in crate::config) fn fork(name: &[u8]) -> Option<&'static str> {
    let known = FORKS.iter().find(|(k, _)| k.as_bytes() == name);
    known.map(|(_, fork)| *fork)
}
