# Row 34: the four reserved bits of version 3 are ignored.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 version=3
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@0.5 < advert prio=200 reserved=15
> note (V1) 10.0.0.2 forms its checksum with the IPv4 pseudo-header
@0.6 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.0.0.2/200 interval=1 rcvd:1
