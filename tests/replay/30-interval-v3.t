# Row 30: version 3 does not discard another interval; it says so once per Master and learns it.
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
# Another Master, the same interval: said again. Back to ours: nothing to say.
@0.8 < advert prio=210 int=0.2 from=10.0.0.3
> note (V1) 10.0.0.3 forms its checksum with the IPv4 pseudo-header
> note (V1) 10.0.0.3 advertises every 0.2 s, which is not our interval
@1 < advert prio=210 from=10.0.0.3
@1.1 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.0.0.3/210 interval=1 rcvd:4
