# vrrp_startup_delay: nothing is sent, taken or believed; then everything begins.
startup_delay 5
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
instance V2 eth0 vrid=52 prio=255 MASTER addr=10.0.0.101 garp_delay=0
@0 < link eth0 index=2 ip=10.0.0.1
@0 < start
> wake startup @5
@1 < advert prio=200
@1.1 < advert vrid=99 prio=200
@2 < link eth0 index=2 up ip=10.0.0.1
@2.5 < start
@3 < show V1
> V1 INIT wants=BACKUP prio=100 interval=1
@4.9 < advert prio=0
@5 * startup
> advertise V2 prio=255 rev=1
> claim V2 repeat=5
> arm V1 MasterDown @8.609375
> arm V2 Advert @6
> tell (V1) INIT -> BACKUP: starting
> tell (V2) INIT -> MASTER: owner of the addresses (priority 255)
@6 * V2 Advert
> advertise V2 prio=255 rev=1
> arm V2 Advert @7
@7 * V2 Advert
> advertise V2 prio=255 rev=1
> arm V2 Advert @8
@8 * V2 Advert
> advertise V2 prio=255 rev=1
> arm V2 Advert @9
@8.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @9.5
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@8.7 < wait
@8.8 < stop
> advertise V1 prio=0 rev=1
> advertise V2 prio=0 rev=1
> release V1
> release V2
> disarm V1 Advert
> disarm V2 Advert
> tell (V1) MASTER -> INIT: stopping
> tell (V2) MASTER -> INIT: stopping
