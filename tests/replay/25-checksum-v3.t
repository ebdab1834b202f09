# Row 25: one bit wrong in each field; neither form matches.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 version=3
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@0.5 < advert prio=200
> note (V1) 10.0.0.2 forms its checksum with the IPv4 pseudo-header
@1 < advert prio=200 sum=bad
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong checksum
@1.1 < advert prio=200 sum=plain flip=2
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong checksum
@1.2 < advert prio=200 flip=2
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong checksum
@1.3 < advert prio=200 flip=4
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong checksum
@1.4 < advert prio=200 flip=5
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong checksum
@1.5 < advert prio=200 flip=6
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong checksum
@1.6 < advert prio=200 flip=7
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong checksum
@1.7 < advert prio=200 flip=8
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong checksum
@1.8 < advert prio=200 flip=11
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong checksum
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
@4.3 < advert prio=254 sum=bad
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong checksum
@4.31 < advert prio=254 sum=plain flip=2
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong checksum
@4.32 < advert prio=254 flip=2
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong checksum
@4.33 < advert prio=254 flip=4
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong checksum
@4.34 < advert prio=254 flip=5
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong checksum
@4.35 < advert prio=254 flip=6
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong checksum
@4.36 < advert prio=254 flip=7
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong checksum
@4.37 < advert prio=254 flip=8
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong checksum
@4.38 < advert prio=254 flip=11
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong checksum
@5 < show V1
> V1 MASTER wants=MASTER prio=100 source=10.0.0.1 interval=1 rcvd:1 sent:1 become:1 checksum:18
