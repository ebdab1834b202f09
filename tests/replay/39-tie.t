# Row 39: a tie never preempts, whatever the addresses.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@3 < advert prio=100 from=9.255.255.255
@3.609375 * V1 MasterDown
> arm V1 MasterDown @6.609375
@6 < advert prio=100 from=10.0.0.2
@6.609375 * V1 MasterDown
> arm V1 MasterDown @9.609375
@9 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.0.0.2/100 interval=1 rcvd:2
