# Row 3: another primary address: the next advert carries it (another revision). The tie is
# decided with it. A configured source stays.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
instance V2 eth0 vrid=52 prio=100 addr=10.0.0.101 source=10.0.0.77 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> arm V2 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
> tell (V2) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@3.609375 * V2 MasterDown
> advertise V2 prio=100 rev=1
> claim V2 repeat=5
> arm V2 Advert @4.609375
> tell (V2) BACKUP -> MASTER: no advert for 3.609375 s
@3.7 < wait
@4 < link eth0 index=2 up ip=10.0.0.99
@4.609375 * V1 Advert
> advertise V1 prio=100 rev=2
> arm V1 Advert @5.609375
@4.609375 * V2 Advert
> advertise V2 prio=100 rev=1
> arm V2 Advert @5.609375
@4.7 < wait
@4.7 < show V1
> V1 MASTER wants=MASTER prio=100 source=10.0.0.99 interval=1 sent:2 become:1
@4.7 < show V2
> V2 MASTER wants=MASTER prio=100 source=10.0.0.77 interval=1 sent:2 become:1
@4.8 < advert prio=100 from=10.0.0.50
> advertise V1 prio=100 rev=2
> announce V1 repeat=5
> arm V1 Advert @5.609375
> note (V1): 10.0.0.50 is MASTER too, with equal priority and lower address
