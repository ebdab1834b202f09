# Row 38 for version 3 at 0.1 s: 61 ms; at a learnt 0.2 s: the skew of that.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 version=3 int=0.1
instance V2 eth0 vrid=52 prio=100 addr=10.0.0.101 version=3 int=0.1
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @0.360938
> arm V2 MasterDown @0.360938
> tell (V1) INIT -> BACKUP: starting
> tell (V2) INIT -> BACKUP: starting
@0.1 < advert vrid=51 prio=200
> note (V1) 10.0.0.2 forms its checksum with the IPv4 pseudo-header
@0.1 < advert vrid=52 prio=200 int=0.2
> note (V2) 10.0.0.2 forms its checksum with the IPv4 pseudo-header
> note (V2) 10.0.0.2 advertises every 0.2 s, which is not our interval
@0.15 < advert vrid=51 prio=0
> arm V1 MasterDown @0.210938
@0.15 < advert vrid=52 prio=0 int=0.2
> arm V2 MasterDown @0.271875
@0.210938 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @0.310938
> arm V1 SecondBurst @5.210938
> tell (V1) BACKUP -> MASTER: 10.0.0.2 gave up (priority 0)
@0.271875 * V2 MasterDown
> advertise V2 prio=100 rev=1
> claim V2 repeat=5
> arm V2 Advert @0.360938
> arm V2 SecondBurst @5.271875
> tell (V2) BACKUP -> MASTER: 10.0.0.2 gave up (priority 0)
@0.3 < wait
