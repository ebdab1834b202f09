# Row 21: another version to a version 2 instance.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@0.5 < advert prio=200
@1 < advert prio=200 version=3
> note (V1) advert from 10.0.0.2 on eth0 ignored: VRRP version 3, not ours
@1.1 < advert prio=200 versionbits=3
> note (V1) advert from 10.0.0.2 on eth0 ignored: VRRP version 3, not ours
@1.2 < advert prio=200 versionbits=0
> note (V1) advert from 10.0.0.2 on eth0 ignored: VRRP version 0, not ours
@1.3 < advert prio=200 versionbits=1
> note (V1) advert from 10.0.0.2 on eth0 ignored: VRRP version 1, not ours
@1.4 < advert prio=200 versionbits=4
> note (V1) advert from 10.0.0.2 on eth0 ignored: VRRP version 4, not ours
@1.5 < advert prio=200 versionbits=15
> note (V1) advert from 10.0.0.2 on eth0 ignored: VRRP version 15, not ours
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
@4.3 < advert prio=254 version=3
> note (V1) advert from 10.0.0.2 on eth0 ignored: VRRP version 3, not ours
@4.31 < advert prio=254 versionbits=3
> note (V1) advert from 10.0.0.2 on eth0 ignored: VRRP version 3, not ours
@4.32 < advert prio=254 versionbits=0
> note (V1) advert from 10.0.0.2 on eth0 ignored: VRRP version 0, not ours
@4.33 < advert prio=254 versionbits=1
> note (V1) advert from 10.0.0.2 on eth0 ignored: VRRP version 1, not ours
@4.34 < advert prio=254 versionbits=4
> note (V1) advert from 10.0.0.2 on eth0 ignored: VRRP version 4, not ours
@4.35 < advert prio=254 versionbits=15
> note (V1) advert from 10.0.0.2 on eth0 ignored: VRRP version 15, not ours
@5 < show V1
> V1 MASTER wants=MASTER prio=100 source=10.0.0.1 interval=1 rcvd:1 sent:1 become:1 version:12
