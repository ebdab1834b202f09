# Row 46: priority 0 as Master: an advert at once, the timer anew. A flood of them is bounded.
instance V1 eth0 vrid=51 prio=255 addr=10.0.0.100 MASTER garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> advertise V1 prio=255 rev=1
> claim V1 repeat=5
> arm V1 Advert @1
> tell (V1) INIT -> MASTER: owner of the addresses (priority 255)
@0.3 < advert prio=0
> advertise V1 prio=255 rev=1
> arm V1 Advert @1.3
@0.4 < advert prio=0
> advertise V1 prio=255 rev=1
> arm V1 Advert @1.4
@0.41 < advert prio=0
> advertise V1 prio=255 rev=1
> arm V1 Advert @1.41
@0.42 < advert prio=0
@0.43 < advert prio=0
@1.41 * V1 Advert
> advertise V1 prio=255 rev=1
> arm V1 Advert @2.41
@1.5 < wait
@1.5 < show V1
> V1 MASTER wants=MASTER prio=255 source=10.0.0.1 interval=1 rcvd:5 sent:5 become:1 zero_rcvd:5
