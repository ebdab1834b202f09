# A group that starts with a faulty member.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
instance V2 eth1 vrid=52 prio=100 addr=10.1.0.100 garp_delay=0
group G1 V1 V2
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> tell (V1) INIT -> FAULT: following V2 in group G1
> tell (V2) INIT -> FAULT: interface eth1 does not exist
> tell VRRP_Group(G1) INIT -> FAULT: following V2 in group G1
@1 < link eth1 index=3 up ip=10.1.0.1
> arm V1 MasterDown @4.609375
> arm V2 MasterDown @4.609375
> tell (V1) FAULT -> BACKUP: following V2 in group G1
> tell (V2) FAULT -> BACKUP: the fault is gone
> tell VRRP_Group(G1) FAULT -> BACKUP: following V2 in group G1
