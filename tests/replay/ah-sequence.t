# AH: the first advert has number 1; what is heard moves our counter; priority 0 counts as well.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 auth=ah:sesame12 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> advertise V1 prio=100 seq=1 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@3.7 < wait
@4 < advert prio=200 seq=500
> release V1
> disarm V1 Advert
> arm V1 MasterDown @7.609375
> tell (V1) MASTER -> BACKUP: advert from 10.0.0.2 with higher priority 200
@4.1 < advert prio=200 seq=500
> note (V1) advert from 10.0.0.2 on eth0 ignored: AH sequence number 500 is not new
@4.2 < advert prio=200 seq=501
# Take-over goes on from there. A weaker Master is answered with a number above its own.
@7.609375 * V1 MasterDown
> arm V1 MasterDown @7.809375
@7.809375 * V1 MasterDown
> advertise V1 prio=100 seq=502 rev=1
> claim V1 repeat=5
> arm V1 Advert @8.809375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@8 < wait
@8 < advert prio=50 seq=700
> advertise V1 prio=100 seq=702 rev=1
> announce V1 repeat=5
> arm V1 Advert @9
> note (V1): 10.0.0.2 is MASTER too, with lower priority 50
@8 < advert prio=50 seq=700
> note (V1) advert from 10.0.0.2 on eth0 ignored: AH sequence number 700 is not new
@8.5 < stop
> advertise V1 prio=0 seq=703 rev=1
> release V1
> disarm V1 Advert
> tell (V1) MASTER -> INIT: stopping
@8.5 < show V1
> V1 INIT wants=BACKUP prio=100 source=10.0.0.1 interval=1 rcvd:3 sent:4 become:2 release:2 auth:2 zero_sent:1
