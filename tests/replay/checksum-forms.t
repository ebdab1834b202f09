# Version 3 over IPv4: both checksum forms are accepted; a peer's form is named once.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 version=3
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@0.5 < advert prio=200 sum=pseudo
> note (V1) 10.0.0.2 forms its checksum with the IPv4 pseudo-header
@1.5 < advert prio=200 sum=pseudo
@1.6 < advert prio=201 sum=plain from=10.0.0.3
> note (V1) 10.0.0.3 forms its checksum without the IPv4 pseudo-header
@2.6 < advert prio=201 sum=plain from=10.0.0.3
@3.6 < advert prio=201 sum=pseudo from=10.0.0.3
> note (V1) 10.0.0.3 forms its checksum with the IPv4 pseudo-header
