# Row 47 with vrrp_higher_prio_send_advert: one more advert before yielding.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 higher_advert
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> arm V1 SecondBurst @8.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4 < advert prio=101
> advertise V1 prio=100 rev=1
> release V1
> disarm V1 Advert
> disarm V1 SecondBurst
> arm V1 MasterDown @7.609375
> tell (V1) MASTER -> BACKUP: advert from 10.0.0.2 with higher priority 101
