# Row 50: stopping as Master: priority 0 from every instance first, then the addresses, then silence.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
instance V2 eth0 vrid=52 prio=100 addr=10.0.0.101 garp_delay=0
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
@4 < stop
> advertise V1 prio=0 rev=1
> advertise V2 prio=0 rev=1
> release V1
> release V2
> disarm V1 Advert
> disarm V2 Advert
> tell (V1) MASTER -> INIT: stopping
> tell (V2) MASTER -> INIT: stopping
@9 < wait
@9 < show V1
> V1 INIT wants=BACKUP prio=100 source=10.0.0.1 interval=1 sent:2 become:1 release:1 zero_sent:1
