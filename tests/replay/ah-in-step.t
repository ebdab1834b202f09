# Two Masters with the same numbers at the same moments: the one with the higher address steps ahead.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 auth=ah:sesame12 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.9
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> advertise V1 prio=100 seq=1 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@3.61 < advert prio=100 seq=1 from=10.0.0.2
> advertise V1 prio=100 seq=3 rev=1
> arm V1 Advert @4.61
> note (V1) advert from 10.0.0.2 on eth0 ignored: AH sequence number 1 is not new
@3.61 < advert prio=100 seq=1 from=10.0.0.10
> note (V1) advert from 10.0.0.10 on eth0 ignored: AH sequence number 1 is not new
@3.7 < show V1
> V1 MASTER wants=MASTER prio=100 source=10.0.0.9 interval=1 sent:2 become:1 auth:2
