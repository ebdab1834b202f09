# Row 58: stopped for 2.5 intervals and continued: one advert at once, no burst of missed ones.
instance V1 eth0 vrid=51 prio=255 addr=10.0.0.100 MASTER garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> advertise V1 prio=255 rev=1
> claim V1 repeat=5
> arm V1 Advert @1
> tell (V1) INIT -> MASTER: owner of the addresses (priority 255)
@0.9 < freeze
@3.4 < thaw
@3.4 * V1 Advert
> advertise V1 prio=255 rev=1
> arm V1 Advert @4.4
@4.4 * V1 Advert
> advertise V1 prio=255 rev=1
> arm V1 Advert @5.4
@5 < wait
