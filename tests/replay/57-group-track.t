# Row 57: several reasons in several members; the group leaves Fault when no member has any.
script chk
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
instance V2 eth1 vrid=52 prio=100 addr=10.1.0.100 garp_delay=0
track V1 script chk 0
track V2 script chk 0
track V2 iface eth2 0
group G1 V1 V2
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < link eth1 index=3 up ip=10.1.0.1
@0 < link eth2 index=4 up
@0 < start
> run chk
> wake script chk @1
> note (V1) waits: script chk has no result yet
> note (V2) waits: script chk has no result yet
@0.1 < script chk ok
> arm V1 MasterDown @3.709375
> arm V2 MasterDown @3.709375
> note script chk succeeded: exit status 0
> tell (V1) INIT -> BACKUP: starting
> tell (V2) INIT -> BACKUP: starting
> tell VRRP_Group(G1) INIT -> BACKUP: starting
@1 * script chk
> run chk
> wake script chk @2
@2 * script chk
> wake script chk @3
> note script chk still runs when it is due again; left out until it ends
@3 * script chk
> wake script chk @4
@3.709375 * V1 MasterDown
> arm V1 MasterDown @7.31875
@3.709375 * V2 MasterDown
> advertise V1 prio=100 rev=1
> advertise V2 prio=100 rev=1
> claim V1 repeat=5
> claim V2 repeat=5
> disarm V1 MasterDown
> arm V1 Advert @4.709375
> arm V2 Advert @4.709375
> tell (V1) BACKUP -> MASTER: following V2 in group G1
> tell (V2) BACKUP -> MASTER: no advert for 3.609375 s
> tell VRRP_Group(G1) BACKUP -> MASTER: following V2 in group G1
@3.709375 < wait
@4 < link eth2 index=4
> advertise V1 prio=0 rev=1
> advertise V2 prio=0 rev=1
> release V1
> release V2
> disarm V1 Advert
> disarm V2 Advert
> tell (V1) MASTER -> FAULT: following V2 in group G1
> tell (V2) MASTER -> FAULT: interface eth2 is down
> tell VRRP_Group(G1) MASTER -> FAULT: following V2 in group G1
@4 * script chk
> wake script chk @5
@4.05 < show V1
> V1 FAULT wants=FAULT prio=100 source=10.0.0.1 interval=1 sent:2 become:1 release:1 zero_sent:1; following V2 in group G1
@4.1 < script chk 1
> note script chk failed: exit status 1
> note (V1) another fault: script chk failed
> note (V2) another fault: script chk failed
@4.2 < link eth1 index=3 ip=10.1.0.1
> note (V2) another fault: interface eth1 is down
@4.3 < show V1
> V1 FAULT wants=FAULT prio=100 source=10.0.0.1 interval=1 sent:2 become:1 release:1 zero_sent:1; script chk failed; following V2 in group G1
@4.3 < show V2
> V2 FAULT wants=FAULT prio=100 source=10.1.0.1 interval=1 sent:2 become:1 release:1 zero_sent:1; interface eth1 is down; interface eth2 is down; script chk failed; following V1 in group G1
@4.4 < link eth2 index=4 up
> note (V2) this fault is gone, others are left: interface eth2 is down
@4.5 < link eth1 index=3 up ip=10.1.0.1
> note (V2) this fault is gone, others are left: interface eth1 is down
@5 * script chk
> run chk
> wake script chk @6
@5.1 < script chk ok
> arm V1 MasterDown @8.709375
> arm V2 MasterDown @8.709375
> note script chk succeeded: exit status 0
> tell (V1) FAULT -> BACKUP: following V2 in group G1
> tell (V2) FAULT -> BACKUP: the fault is gone
> tell VRRP_Group(G1) FAULT -> BACKUP: following V2 in group G1
