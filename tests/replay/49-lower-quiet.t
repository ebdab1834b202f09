# Row 49 with vrrp_lower_prio_no_advert, and no announcements.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 no_lower_advert lower_repeat=0
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
@4 < advert prio=99
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
@4.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @5.609375
@4.7 < wait
