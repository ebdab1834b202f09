# Row 44: an interface that appears later, then gets its address.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
@0 < start
> tell (V1) INIT -> FAULT: interface eth0 does not exist
@0 < show V1
> V1 FAULT wants=FAULT prio=100 interval=1; interface eth0 does not exist
@1 < link eth0 index=7
> note (V1) another fault: interface eth0 is down
> note (V1) another fault: interface eth0 has no address to send from
> note (V1) this fault is gone, others are left: interface eth0 does not exist
@1 < show V1
> V1 FAULT wants=FAULT prio=100 interval=1; interface eth0 is down; interface eth0 has no address to send from
@2 < link eth0 index=7 up
> note (V1) this fault is gone, others are left: interface eth0 is down
@2 < show V1
> V1 FAULT wants=FAULT prio=100 interval=1; interface eth0 has no address to send from
@3 < link eth0 index=7 up ip=10.0.0.1
> arm V1 MasterDown @6.609375
> tell (V1) FAULT -> BACKUP: the fault is gone
# Deleted and made anew between two looks: what was on it is gone.
@6.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @7.609375
> arm V1 SecondBurst @11.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@7 < link eth0 index=8 up ip=10.0.0.1
> advertise V1 prio=0 rev=1
> release V1
> disarm V1 Advert
> disarm V1 SecondBurst
> arm V1 MasterDown @10.609375
> tell (V1) MASTER -> FAULT: interface eth0 does not exist
> tell (V1) FAULT -> BACKUP: the fault is gone
@8 < link eth0
> disarm V1 MasterDown
> tell (V1) BACKUP -> FAULT: interface eth0 does not exist
@8 < show V1
> V1 FAULT wants=FAULT prio=100 source=10.0.0.1 interval=1 sent:2 become:1 release:1 zero_sent:1; interface eth0 does not exist
