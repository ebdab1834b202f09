# Row 29: version 2 discards another interval.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@0.5 < advert prio=200
@1 < advert prio=200 int=2
> note (V1) advert from 10.0.0.2 on eth0 ignored: advert interval 2 s, not ours
@1.1 < advert prio=200 int=255
> note (V1) advert from 10.0.0.2 on eth0 ignored: advert interval 255 s, not ours
@1.2 < advert prio=200 interval=0
> note (V1) advert from 10.0.0.2 on eth0 ignored: advert interval 0
# No timer moved: Master one down interval after the last sound advert.
@3.609375 * V1 MasterDown
> arm V1 MasterDown @4.109375
@4.109375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @5.109375
> arm V1 SecondBurst @9.109375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4.2 < wait
# As Master: stays.
@4.3 < advert prio=254 int=2
> note (V1) advert from 10.0.0.2 on eth0 ignored: advert interval 2 s, not ours
@4.31 < advert prio=254 int=255
> note (V1) advert from 10.0.0.2 on eth0 ignored: advert interval 255 s, not ours
@4.32 < advert prio=254 interval=0
> note (V1) advert from 10.0.0.2 on eth0 ignored: advert interval 0
@5 < show V1
> V1 MASTER wants=MASTER prio=100 source=10.0.0.1 interval=1 rcvd:1 sent:1 become:1 interval:6
