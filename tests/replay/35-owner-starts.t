# Row 35: priority 255 is Master at once: advert, addresses, announcements, timer.
instance V1 eth0 vrid=51 prio=255 addr=10.0.0.100 MASTER
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> advertise V1 prio=255 rev=1
> claim V1 repeat=5
> arm V1 Advert @1
> arm V1 SecondBurst @5
> tell (V1) INIT -> MASTER: owner of the addresses (priority 255)
@1 * V1 Advert
> advertise V1 prio=255 rev=1
> arm V1 Advert @2
@2 * V1 Advert
> advertise V1 prio=255 rev=1
> arm V1 Advert @3
@2.5 < wait
