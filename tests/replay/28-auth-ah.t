# Row 28: AH: integrity, SPI, sequence, in this order.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 auth=ah:sesame12
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@0.5 < advert prio=200 seq=5
@1 < advert prio=200 auth=none
> note (V1) advert from 10.0.0.2 on eth0 ignored: authentication type none is not ours
@1.1 < advert prio=200 auth=pass:sesame12
> note (V1) advert from 10.0.0.2 on eth0 ignored: authentication type PASS is not ours
@1.2 < advert prio=200 auth=ah:sesame13 seq=20
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong AH integrity check value (another key?)
@1.3 < advert prio=200 icv=bad seq=20
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong AH integrity check value (another key?)
@1.4 < advert prio=200 icv=bad spi=bad seq=20
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong AH integrity check value (another key?)
@1.5 < advert prio=200 spi=bad seq=20
> note (V1) advert from 10.0.0.2 on eth0 ignored: AH SPI is not the source address
@1.6 < advert prio=200 seq=5
> note (V1) advert from 10.0.0.2 on eth0 ignored: AH sequence number 5 is not new
@1.7 < advert prio=200 spi=bad seq=5
> note (V1) advert from 10.0.0.2 on eth0 ignored: AH SPI is not the source address
@1.8 < advert prio=200 seq=4
> note (V1) advert from 10.0.0.2 on eth0 ignored: AH sequence number 4 is not new
@1.9 < advert prio=200 seq=1
> note (V1) advert from 10.0.0.2 on eth0 ignored: AH sequence number 1 is not new
@2 < advert prio=200 authtype=0 seq=20
> note (V1) advert from 10.0.0.2 on eth0 ignored: authentication type none is not ours
# No timer moved: Master one down interval after the last sound advert.
@3.609375 * V1 MasterDown
> arm V1 MasterDown @4.109375
@4.109375 * V1 MasterDown
> advertise V1 prio=100 seq=6 rev=1
> claim V1 repeat=5
> arm V1 Advert @5.109375
> arm V1 SecondBurst @9.109375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4.2 < wait
# As Master: stays.
@4.3 < advert prio=254 auth=none
> note (V1) advert from 10.0.0.2 on eth0 ignored: authentication type none is not ours
@4.31 < advert prio=254 auth=pass:sesame12
> note (V1) advert from 10.0.0.2 on eth0 ignored: authentication type PASS is not ours
@4.32 < advert prio=254 auth=ah:sesame13 seq=20
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong AH integrity check value (another key?)
@4.33 < advert prio=254 icv=bad seq=20
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong AH integrity check value (another key?)
@4.34 < advert prio=254 icv=bad spi=bad seq=20
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong AH integrity check value (another key?)
@4.35 < advert prio=254 spi=bad seq=20
> note (V1) advert from 10.0.0.2 on eth0 ignored: AH SPI is not the source address
@4.36 < advert prio=254 seq=5
> note (V1) advert from 10.0.0.2 on eth0 ignored: AH sequence number 5 is not new
@4.37 < advert prio=254 spi=bad seq=5
> note (V1) advert from 10.0.0.2 on eth0 ignored: AH SPI is not the source address
@4.38 < advert prio=254 seq=4
> note (V1) advert from 10.0.0.2 on eth0 ignored: AH sequence number 4 is not new
@4.39 < advert prio=254 seq=1
> note (V1) advert from 10.0.0.2 on eth0 ignored: AH sequence number 1 is not new
@4.4 < advert prio=254 authtype=0 seq=20
> note (V1) advert from 10.0.0.2 on eth0 ignored: authentication type none is not ours
@5 < show V1
> V1 MASTER wants=MASTER prio=100 source=10.0.0.1 interval=1 rcvd:1 sent:1 become:1 mismatch:6 auth:16
