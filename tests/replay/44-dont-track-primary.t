# Row 44: dont_track_primary goes on without carrier, but not without interface; an address on
# another interface is still watched.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100,10.1.0.100@eth1 dont_track_primary
@0 < link eth0 index=2 ip=10.0.0.1
@0 < link eth1 index=3 up
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < link eth0 index=2 up ip=10.0.0.1
@2 < link eth0 index=2 ip=10.0.0.1
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> arm V1 SecondBurst @8.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@3.7 < wait
@4 < link eth1 index=3
> advertise V1 prio=0 rev=1
> release V1
> disarm V1 Advert
> disarm V1 SecondBurst
> tell (V1) MASTER -> FAULT: interface eth1 is down
@5 < link eth1 index=3 up
> arm V1 MasterDown @8.609375
> tell (V1) FAULT -> BACKUP: the fault is gone
@6 < link eth0
> disarm V1 MasterDown
> tell (V1) BACKUP -> FAULT: interface eth0 does not exist
@6 < show V1
> V1 FAULT wants=FAULT prio=100 source=10.0.0.1 interval=1 sent:2 become:1 release:1 zero_sent:1; interface eth0 does not exist
