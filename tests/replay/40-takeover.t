# Row 40: the timer runs out: advert, addresses with their announcements, timers; excluded addresses too.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 excluded=10.0.0.200 garp_refresh=3 
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> arm V1 SecondBurst @8.609375
> arm V1 Refresh @11.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @5.609375
@5.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @6.609375
@6.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @7.609375
@7.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @8.609375
@8.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @9.609375
@8.609375 * V1 SecondBurst
> announce V1 repeat=5
@9.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @10.609375
@10.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @11.609375
@11.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @12.609375
@11.609375 * V1 Refresh
> announce V1 repeat=1
> arm V1 Refresh @14.609375
@12.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @13.609375
@13.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @14.609375
@14.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @15.609375
@14.609375 * V1 Refresh
> announce V1 repeat=1
> arm V1 Refresh @17.609375
@15 < wait
