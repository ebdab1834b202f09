# Row 45: an advert every interval. Deadlines follow each other, not the moments they are served.
instance V1 eth0 vrid=51 prio=255 addr=10.0.0.100 MASTER garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> advertise V1 prio=255 rev=1
> claim V1 repeat=5
> arm V1 Advert @1
> tell (V1) INIT -> MASTER: owner of the addresses (priority 255)
# Served 20 ms late, as on a busy machine.
@1 * V1 Advert
> advertise V1 prio=255 rev=1
> arm V1 Advert @2
@1.9 < freeze
@2.02 < thaw
@2.02 * V1 Advert
> advertise V1 prio=255 rev=1
> arm V1 Advert @3
@3 * V1 Advert
> advertise V1 prio=255 rev=1
> arm V1 Advert @4
@3.5 < wait
