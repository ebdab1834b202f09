# Row 57: one member waits for its script: the group has not begun. A fault of another is told.
script chk
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
instance V2 eth1 vrid=52 prio=100 addr=10.1.0.100
track V1 script chk 0
group G1 V1 V2
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < link eth1 index=3 up ip=10.1.0.1
@0 < start
> run chk
> wake script chk @1
> note (V1) waits: script chk has no result yet
@0.1 < show V2
> V2 INIT wants=BACKUP prio=100 source=10.1.0.1 interval=1; following V1 in group G1
@0.2 < link eth1 index=3 ip=10.1.0.1
> tell (V1) INIT -> FAULT: following V2 in group G1
> tell (V2) INIT -> FAULT: interface eth1 is down
> tell VRRP_Group(G1) INIT -> FAULT: following V2 in group G1
> note (V1) waits: script chk has no result yet
@0.3 < link eth1 index=3 up ip=10.1.0.1
> note (V2) this fault is gone, others are left: interface eth1 is down
@0.4 < show V2
> V2 FAULT wants=FAULT prio=100 source=10.1.0.1 interval=1; following V1 in group G1
@0.5 < script chk ok
> arm V1 MasterDown @4.109375
> arm V2 MasterDown @4.109375
> note script chk succeeded: exit status 0
> tell (V1) FAULT -> BACKUP: the fault is gone
> tell (V2) FAULT -> BACKUP: following V1 in group G1
> tell VRRP_Group(G1) FAULT -> BACKUP: following V1 in group G1
