# Row 24: Ethernet padding behind a short datagram is tolerated, other surplus is not.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
# 40 bytes padded to 46: sound.
@0.5 < advert prio=200 pad=6
# The kernel may have counted the padding in.
@0.6 < advert prio=200 more=6
# One address more than counted, not stated or stated in the IP header; a trailer.
@1 < advert prio=200 pad=4
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong length
@1.1 < advert prio=200 more=4
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong length
@1.2 < advert prio=200 more=28
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong length
# Two addresses need no padding: 44 bytes and 2.
@1.3 < advert prio=200 addr=10.0.0.100,10.0.0.101 pad=2
> note (V1) the address list of 10.0.0.2 differs from ours
# Three do not fit under 46: nothing may follow.
@1.4 < advert prio=200 addr=10.0.0.100,10.0.0.101,10.0.0.102 pad=2
> note (V1) advert from 10.0.0.2 on eth0 ignored: wrong length
@1.5 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.0.0.2/200 interval=1 rcvd:3 len:4 list:1
@3.609375 * V1 MasterDown
> arm V1 MasterDown @4.909375
@4.909375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @5.909375
> arm V1 SecondBurst @9.909375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@5.909375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @6.909375
@6 < wait
