# While one member hears a Master it listens to, the other waits for ever.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
instance V2 eth1 vrid=52 prio=100 addr=10.1.0.100 garp_delay=0
group G1 V1 V2
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < link eth1 index=3 up ip=10.1.0.1
@0 < start
> arm V1 MasterDown @3.609375
> arm V2 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
> tell (V2) INIT -> BACKUP: starting
> tell VRRP_Group(G1) INIT -> BACKUP: starting
@1 < advert vrid=52 prio=200 from=10.1.0.2
@3 < advert vrid=52 prio=200 from=10.1.0.2
@3.609375 * V1 MasterDown
> arm V1 MasterDown @7.21875
@3.609375 * V2 MasterDown
> arm V2 MasterDown @6.609375
@5 < advert vrid=52 prio=200 from=10.1.0.2
@6.609375 * V2 MasterDown
> arm V2 MasterDown @8.609375
@7 < advert vrid=52 prio=200 from=10.1.0.2
@7.21875 * V1 MasterDown
> arm V1 MasterDown @10.828125
@8.609375 * V2 MasterDown
> arm V2 MasterDown @10.609375
@9 < advert vrid=52 prio=200 from=10.1.0.2
@9 < show V1
> V1 BACKUP wants=MASTER prio=100 source=10.0.0.1 interval=1
@9 < show V2
> V2 BACKUP wants=BACKUP prio=100 source=10.1.0.1 master=10.1.0.2/200 interval=1 rcvd:5
