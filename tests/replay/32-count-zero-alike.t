# Row 32, with keepalived: where no addresses are configured, none are expected.
instance V1 eth0 vrid=51 prio=100
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=200 addr=none
@3.609375 * V1 MasterDown
> arm V1 MasterDown @4.609375
@4.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @5.609375
> arm V1 SecondBurst @9.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4.7 < show V1
> V1 MASTER wants=MASTER prio=100 source=10.0.0.1 interval=1 rcvd:1 sent:1 become:1
