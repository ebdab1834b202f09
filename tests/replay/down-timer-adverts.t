# down_timer_adverts 1: one interval and the skew.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 down=1
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @1.609375
> tell (V1) INIT -> BACKUP: starting
@1.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @2.609375
> arm V1 SecondBurst @6.609375
> tell (V1) BACKUP -> MASTER: no advert for 1.609375 s
@2 < wait
