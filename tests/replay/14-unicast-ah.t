# Row 14 with AH: the sequence number is the same in all copies; a replayed advert is discarded.
instance V1 eth0 vrid=51 prio=100 auth=ah:sesame12 addr=10.0.0.100 source=10.0.0.1 peer=10.0.0.2 peer=10.0.0.3 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=200 seq=5 ttl=60
@1.1 < advert prio=200 seq=5 ttl=60
> note (V1) advert from 10.0.0.2 on eth0 ignored: AH sequence number 5 is not new
@1.2 < advert prio=200 seq=6 auth=none
> note (V1) advert from 10.0.0.2 on eth0 ignored: authentication type none is not ours
@1.3 < advert prio=200 seq=6 icv=bad
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong AH integrity check value (another key?)
@1.4 < advert prio=200 seq=7 from=10.0.0.3
@3.609375 * V1 MasterDown
> arm V1 MasterDown @5.009375
@5.009375 * V1 MasterDown
> advertise V1 prio=100 seq=8 rev=1
> claim V1 repeat=5
> arm V1 Advert @6.009375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@6.009375 * V1 Advert
> advertise V1 prio=100 seq=9 rev=1
> arm V1 Advert @7.009375
@7.009375 * V1 Advert
> advertise V1 prio=100 seq=10 rev=1
> arm V1 Advert @8.009375
@8.009375 * V1 Advert
> advertise V1 prio=100 seq=11 rev=1
> arm V1 Advert @9.009375
@9 < wait
