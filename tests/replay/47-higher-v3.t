# Row 47: the timer is that of the interval just received.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 version=3
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> arm V1 SecondBurst @8.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4 < advert prio=101 int=0.1
> release V1
> disarm V1 Advert
> disarm V1 SecondBurst
> arm V1 MasterDown @4.360938
> note (V1) 10.0.0.2 forms its checksum with the IPv4 pseudo-header
> note (V1) 10.0.0.2 advertises every 0.1 s, which is not our interval
> tell (V1) MASTER -> BACKUP: advert from 10.0.0.2 with higher priority 101
@4.360938 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @5.360938
> arm V1 SecondBurst @9.360938
> tell (V1) BACKUP -> MASTER: no advert for 0.360938 s
@4.5 < wait
