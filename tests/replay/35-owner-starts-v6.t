# Row 35 over IPv6: the owner speaks at once. Row 42, 50: it says goodbye.
instance V1 eth0 vrid=51 prio=255 MASTER addr=fe80::100,2001:db8::100
@0 < link eth0 index=2 up ip=10.0.0.1 ip6=fe80::1
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
@3 * V1 Advert
> advertise V1 prio=255 rev=1
> arm V1 Advert @4
@4 * V1 Advert
> advertise V1 prio=255 rev=1
> arm V1 Advert @5
@5 * V1 Advert
> advertise V1 prio=255 rev=1
> arm V1 Advert @6
@5 * V1 SecondBurst
> announce V1 repeat=5
@5 < wait
@5.5 < stop
> advertise V1 prio=0 rev=1
> release V1
> disarm V1 Advert
> tell (V1) MASTER -> INIT: stopping
