# Row 37: version 3 takes over the Master's interval and recomputes the skew; gone, it is waited for
# 3 × 0.2 s and the skew of it. Our own adverts keep our own interval.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 version=3
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@0.5 < advert prio=200 int=0.2
> arm V1 MasterDown @1.221875
> note (V1) 10.0.0.2 forms its checksum with the IPv4 pseudo-header
> note (V1) 10.0.0.2 advertises every 0.2 s, which is not our interval
@0.7 < advert prio=200 int=0.2
@0.8 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.0.0.2/200 interval=0.2 rcvd:2
@1.221875 * V1 MasterDown
> arm V1 MasterDown @1.421875
@1.421875 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @2.421875
> arm V1 SecondBurst @6.421875
> tell (V1) BACKUP -> MASTER: no advert for 0.721875 s
@2.421875 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @3.421875
@2.5 < wait
@2.5 < show V1
> V1 MASTER wants=MASTER prio=100 source=10.0.0.1 interval=1 rcvd:2 sent:2 become:1
# Forgotten with the state it was learnt in: the next one counts from our own.
@2.6 < advert prio=200 int=5
> release V1
> disarm V1 Advert
> disarm V1 SecondBurst
> arm V1 MasterDown @20.646875
> note (V1) 10.0.0.2 advertises every 5 s, which is not our interval
> tell (V1) MASTER -> BACKUP: advert from 10.0.0.2 with higher priority 200
@2.7 < link eth0 index=2 ip=10.0.0.1
> disarm V1 MasterDown
> tell (V1) BACKUP -> FAULT: interface eth0 is down
@2.8 < link eth0 index=2 up ip=10.0.0.1
> arm V1 MasterDown @6.409375
> tell (V1) FAULT -> BACKUP: the fault is gone
@2.9 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 interval=1 rcvd:3 sent:2 become:1 release:1
