# Row 56: v3: the skew is of the interval that was learnt.
file load
instance V1 eth0 version=3 int=1 vrid=51 prio=100 addr=10.0.0.100
track V1 file load 10
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=150 int=0.2
> arm V1 MasterDown @1.721875
> note (V1) 10.0.0.2 forms its checksum with the IPv4 pseudo-header
> note (V1) 10.0.0.2 advertises every 0.2 s, which is not our interval
@1.1 < file load 4
> arm V1 MasterDown @1.690625
> note (V1) effective priority 100 -> 140
@1.2 < file load -4
> note (V1) effective priority 140 -> 60
@1.4 < show V1
> V1 BACKUP wants=BACKUP prio=60 source=10.0.0.1 master=10.0.0.2/150 interval=0.2 rcvd:1
