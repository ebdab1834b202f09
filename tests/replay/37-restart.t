# Row 37: each advert of a Master with our priority or more restarts the full timer. The wheel holds
# the old time and finds out.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=100
@2 < advert prio=200
@3 < advert prio=101
@3.609375 * V1 MasterDown
> arm V1 MasterDown @6.609375
@6.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @7.609375
> arm V1 SecondBurst @11.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@6.7 < wait
