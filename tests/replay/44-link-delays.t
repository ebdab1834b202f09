# Row 44: interface_up_down_delays. A short flap is none; the down delay stays below what a Backup
# waits; a changed address and a deleted interface count at once.
port eth0 down=200 up=3
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@3.609375 < wait
@4 < link eth0 index=2 ip=10.0.0.1
> wake interface eth0 @5.996093
@4.5 < link eth0 index=2 ip=10.0.0.2
@4.609375 * V1 Advert
> advertise V1 prio=100 rev=2
> arm V1 Advert @5.609375
@5 < link eth0 index=2 up ip=10.0.0.2
> wake interface eth0 never
@5.609375 * V1 Advert
> advertise V1 prio=100 rev=2
> arm V1 Advert @6.609375
@6 < link eth0 index=2 ip=10.0.0.2
> wake interface eth0 @7.996093
@6.609375 * V1 Advert
> advertise V1 prio=100 rev=2
> arm V1 Advert @7.609375
@7.609375 * V1 Advert
> advertise V1 prio=100 rev=2
> arm V1 Advert @8.609375
@7.996093 * interface eth0
> advertise V1 prio=0 rev=2
> release V1
> disarm V1 Advert
> tell (V1) MASTER -> FAULT: interface eth0 is down
@8 < show V1
> V1 FAULT wants=FAULT prio=100 source=10.0.0.2 interval=1 sent:6 become:1 release:1 zero_sent:1; interface eth0 is down
@9 < link eth0 index=2 up ip=10.0.0.2
> wake interface eth0 @12
@10 < link eth0 index=2 ip=10.0.0.2
> wake interface eth0 never
@11 < link eth0 index=2 up ip=10.0.0.2
> wake interface eth0 @14
@13 < clock eth0
> wake interface eth0 @14
@14 * interface eth0
> arm V1 MasterDown @17.609375
> tell (V1) FAULT -> BACKUP: the fault is gone
@14 < wait
@15 < link eth0 index=0
> disarm V1 MasterDown
> tell (V1) BACKUP -> FAULT: interface eth0 does not exist
@16 < link eth0 index=3 up ip=10.0.0.1
> wake interface eth0 @19
> note (V1) another fault: interface eth0 is down
> note (V1) this fault is gone, others are left: interface eth0 does not exist
@18 < link eth0 index=0
> wake interface eth0 never
> note (V1) another fault: interface eth0 does not exist
> note (V1) this fault is gone, others are left: interface eth0 is down
@19 < link eth0 index=4 up ip=10.0.0.1
> wake interface eth0 @22
> note (V1) another fault: interface eth0 is down
> note (V1) this fault is gone, others are left: interface eth0 does not exist
@22 * interface eth0
> arm V1 MasterDown @25.609375
> tell (V1) FAULT -> BACKUP: the fault is gone
@22 < wait
@23 < link eth0 index=4 ip=10.0.0.1
> wake interface eth0 @24.996093
@24 < stop
> wake interface eth0 never
> disarm V1 MasterDown
> tell (V1) BACKUP -> INIT: stopping
@25 < link eth0 index=4 up ip=10.0.0.1
