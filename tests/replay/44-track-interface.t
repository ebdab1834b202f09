# Row 44: an interface of weight 0 is a fault while it is down, missing or, reversed, up. Each reason
# that joins or leaves is said; the last one leaving is the change of state itself.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
track V1 iface eth1 0
track V1 iface eth2 0 reverse
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> tell (V1) INIT -> FAULT: interface eth1 does not exist
@1 < link eth1 index=3
> note (V1) another fault: interface eth1 is down
> note (V1) this fault is gone, others are left: interface eth1 does not exist
@2 < link eth1 index=3 up
> arm V1 MasterDown @5.609375
> tell (V1) FAULT -> BACKUP: the fault is gone
@5.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @6.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@5.609375 < wait
@6 < link eth2 index=4 up
> advertise V1 prio=0 rev=1
> release V1
> disarm V1 Advert
> tell (V1) MASTER -> FAULT: interface eth2 is up
@7 < link eth1 index=0
> note (V1) another fault: interface eth1 does not exist
@8 < show V1
> V1 FAULT wants=FAULT prio=100 source=10.0.0.1 interval=1 sent:2 become:1 release:1 zero_sent:1; interface eth1 does not exist; interface eth2 is up
@9 < link eth2 index=4
> note (V1) this fault is gone, others are left: interface eth2 is up
@10 < link eth1 index=7
> note (V1) another fault: interface eth1 is down
> note (V1) this fault is gone, others are left: interface eth1 does not exist
@11 < link eth1 index=7 up
> arm V1 MasterDown @14.609375
> tell (V1) FAULT -> BACKUP: the fault is gone
@12 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 interval=1 sent:2 become:1 release:1 zero_sent:1
# Renamed or replaced: another device by the same name; what was on the old one is gone.
@13 < link eth1 index=9 up
> disarm V1 MasterDown
> arm V1 MasterDown @16.609375
> tell (V1) BACKUP -> FAULT: interface eth1 does not exist
> tell (V1) FAULT -> BACKUP: the fault is gone
@14 < stop
> disarm V1 MasterDown
> tell (V1) BACKUP -> INIT: stopping
@15 < link eth1 index=0
