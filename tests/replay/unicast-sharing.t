# Instances may share a VRID on an interface: told apart by group, by our address, or by the peers
# of one address. What fits none is the first one's to complain about.
instance M1 eth0 vrid=51 prio=100 addr=10.0.0.100
instance M2 eth0 vrid=51 prio=100 addr=10.0.0.101 group=224.0.0.99
instance U1 eth0 vrid=51 prio=100 addr=10.0.0.102 source=10.0.0.1 peer=10.0.0.2
instance U2 eth0 vrid=51 prio=100 addr=10.0.0.103 source=10.0.0.1 peer=10.0.0.3
instance U3 eth0 vrid=51 prio=100 addr=10.0.0.104 source=10.0.0.9 peer=10.0.0.2
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm M1 MasterDown @3.609375
> arm M2 MasterDown @3.609375
> arm U1 MasterDown @3.609375
> arm U2 MasterDown @3.609375
> arm U3 MasterDown @3.609375
> tell (M1) INIT -> BACKUP: starting
> tell (M2) INIT -> BACKUP: starting
> tell (U1) INIT -> BACKUP: starting
> tell (U2) INIT -> BACKUP: starting
> tell (U3) INIT -> BACKUP: starting
@1 < advert like=M1 prio=201 from=10.0.0.2
@1.1 < advert like=M2 prio=202 from=10.0.0.2
@1.2 < advert like=U1 prio=203 from=10.0.0.2
@1.3 < advert like=U2 prio=204 from=10.0.0.3
@1.4 < advert like=U3 prio=205 from=10.0.0.2
@1.5 < advert like=U1 prio=206 from=10.0.0.4 addr=10.0.0.102
@1.6 < advert like=M1 prio=207 to=224.0.0.98
> note (M1) advert from 10.0.0.2 on eth0 ignored: sent to 224.0.0.98, where we do not listen
@1.7 < show M1
> M1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.0.0.2/201 interval=1 rcvd:1 destination:1
@1.7 < show M2
> M2 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.0.0.2/202 interval=1 rcvd:1
@1.7 < show U1
> U1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.0.0.4/206 interval=1 rcvd:2
@1.7 < show U2
> U2 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.0.0.3/204 interval=1 rcvd:1
@1.7 < show U3
> U3 BACKUP wants=BACKUP prio=100 source=10.0.0.9 master=10.0.0.2/205 interval=1 rcvd:1
